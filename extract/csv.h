// Comma-separated values (RFC 4180), read row by row: quotes, doubled quotes, line breaks in
// quotes, CRLF. The delimiter may be another. What no rule covers is kept as it is: a quote inside
// a field, a quote that is never closed. Owner: nobody; pure. Errors: none. A row has at most
// `cells_max` cells; further ones are read over.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::extract {

class CsvReader {
 public:
  CsvReader(std::string_view text, char delimiter, size_t cells_max)
      : text_(text), delimiter_(delimiter), cells_max_(cells_max) {}

  // False at the end. An empty line is no row.
  bool next(std::vector<std::string>& row);

 private:
  bool read_row(std::vector<std::string>& row);

  std::string_view text_;
  char delimiter_;
  size_t cells_max_;
  size_t at_ = 0;
};

// The character that parts the cells: the one that the first lines agree on; '\0' when there is
// none.
char csv_delimiter(std::string_view text);

}  // namespace chatpad::extract

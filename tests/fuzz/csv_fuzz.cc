// Rows come to an end, cells are bounded, and nothing is in them that was not in the text.
//
// uses: extract/csv.cc runtime/base/check.cc
// links:
#include "extract/csv.h"
#include "runtime/base/check.h"

using namespace chatpad::extract;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const char found = csv_delimiter(text);
  for (const char delimiter : {',', found == '\0' ? ';' : found}) {
    CsvReader reader(text, delimiter, 7);
    std::vector<std::string> row;
    size_t bytes = 0;
    while (reader.next(row)) {
      CHECK(!row.empty() && row.size() <= 7, "a row has cells, not too many");
      for (const std::string& cell : row) bytes += cell.size();
    }
    CHECK(bytes <= size, "cells come out of the text");
  }
  return 0;
}

#include "extract/csv.h"

#include <algorithm>

namespace chatpad::extract {
namespace {

constexpr size_t kLinesLookedAt = 20;
constexpr size_t kLookedAtBytes = 64 * 1024;

}  // namespace

bool CsvReader::next(std::vector<std::string>& row) {
  while (at_ < text_.size()) {
    row.clear();
    if (read_row(row)) return true;
  }
  return false;
}

// False for an empty line.
bool CsvReader::read_row(std::vector<std::string>& row) {
  std::string cell;
  bool quoted = false;
  bool any = false;
  const auto end_cell = [&] {
    if (row.size() < cells_max_) row.push_back(std::move(cell));
    cell.clear();
  };
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (at_ < text_.size() && text_[at_] == '"') {
        cell += '"';
        ++at_;
      } else {
        quoted = false;
      }
    } else if (c == '"' && cell.empty()) {
      quoted = any = true;
    } else if (c == delimiter_) {
      any = true;
      end_cell();
    } else if (c == '\n' || c == '\r') {
      if (c == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
      break;
    } else {
      any = true;
      cell += c;
    }
  }
  if (!any) return false;
  end_cell();
  return true;
}

char csv_delimiter(std::string_view text) {
  text = text.substr(0, kLookedAtBytes);
  char best = '\0';
  size_t best_cells = 1;
  for (const char candidate : {',', ';', '\t', '|'}) {
    CsvReader reader(text, candidate, 4096);
    std::vector<std::string> row;
    size_t rows = 0;
    size_t cells = 0;
    bool agree = true;
    bool is_prose = true;  // a mark behind a word, and a blank or nothing behind the mark
    while (agree && rows < kLinesLookedAt && reader.next(row)) {
      if (rows++ == 0) cells = row.size();
      agree = row.size() == cells;
      is_prose = is_prose && row.size() == 2 && (row[1].empty() || row[1].front() == ' ');
    }
    if (agree && !is_prose && rows >= 2 && cells > best_cells) {
      best = candidate;
      best_cells = cells;
    }
  }
  return best;
}

}  // namespace chatpad::extract

#include "extract/table.h"

#include <algorithm>
#include <array>

#include "functions/shared/text/fold.h"
#include "functions/shared/text/sentences.h"

namespace chatpad::extract {
namespace {

template <size_t N>
bool is_one_of(std::string_view column, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, text::fold(text::collapse_space(column))) != names.end();
}

}  // namespace

bool names_question(std::string_view column) {
  return is_one_of(column, std::array<std::string_view, 4>{"question", "q", "frage", "prompt"});
}

bool names_answer(std::string_view column) {
  return is_one_of(column,
                   std::array<std::string_view, 5>{"answer", "a", "antwort", "response", "reply"});
}

void TableText::row(const std::vector<std::string>& cells) {
  if (names_.empty()) {
    take_names(cells);
    return;
  }
  if (question_ && answer_ && *question_ < cells.size() && *answer_ < cells.size()) {
    out_.question(cells[*question_], cells[*answer_], page_);
    return;
  }
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = text::collapse_space(cells[i]);
    if (cell.empty()) continue;
    if (!line.empty()) line += "; ";
    if (i < names_.size() && !names_[i].empty()) line += names_[i] + ": ";
    line += cell;
  }
  out_.item(line, page_);
}

void TableText::take_names(const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    names_.push_back(text::collapse_space(cells[i]));
    if (!question_ && names_question(cells[i])) question_ = i;
    if (!answer_ && names_answer(cells[i])) answer_ = i;
  }
}

}  // namespace chatpad::extract

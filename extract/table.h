// Rows of a table as text that can be found: each cell behind the name of its column. A table with
// a column of questions and one of answers becomes headings with their answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "extract/emitter.h"

namespace chatpad::extract {

class TableText {
 public:
  explicit TableText(Emitter& out, std::optional<int> page = {}) : out_(out), page_(page) {}
  // The first row names the columns.
  void row(const std::vector<std::string>& cells);

 private:
  void take_names(const std::vector<std::string>& cells);

  Emitter& out_;
  std::optional<int> page_;
  std::vector<std::string> names_;
  std::optional<size_t> question_, answer_;
};

bool names_question(std::string_view column);
bool names_answer(std::string_view column);

}  // namespace chatpad::extract

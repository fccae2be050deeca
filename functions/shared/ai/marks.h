// Marks: the numbers in brackets with which a model names the passages it was given, "[2]".
//
// Passages are numbered as they were given; readers get them numbered as they are first named, so
// that "[1]" stands for the first citation below the answer. Marks of passages that do not exist,
// and what only looks like a mark inside `code`, stay as they are. A mark may be cut anywhere:
// what could still become one is held back until it is decided, at most kMarkBytesMax.
//
// For: model_provider.h. Pure; the text that comes out does not depend on how it was cut.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chatpad::functions::ai {

constexpr size_t kMarkBytesMax = 32;

class Marks {
 public:
  explicit Marks(size_t passages) : passages_(passages) {}

  // The model has been given more.
  void grow(size_t passages) { passages_ = passages; }
  // The text that is decided.
  std::string feed(std::string_view piece);
  // What was held back, when nothing more comes.
  std::string rest();
  // The passages that were named, from 0, in the order of their new numbers.
  const std::vector<size_t>& cited() const { return cited_; }

 private:
  void take(char c, std::string& out);
  std::string renumbered();

  size_t passages_;
  std::string held_;  // begins with '[' when not empty
  bool in_code_ = false;
  std::vector<size_t> cited_;
};

}  // namespace chatpad::functions::ai

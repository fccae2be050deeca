#include "functions/shared/ai/marks.h"

#include <algorithm>

namespace chatpad::functions::ai {
namespace {

bool in_a_mark(char c) { return (c >= '0' && c <= '9') || c == ',' || c == ' '; }

}  // namespace

std::string Marks::feed(std::string_view piece) {
  // Most pieces have nothing to do with marks.
  if (held_.empty() && piece.find_first_of("[`") == piece.npos) return std::string(piece);
  std::string out;
  for (const char c : piece) take(c, out);
  return out;
}

std::string Marks::rest() {
  std::string out;
  out.swap(held_);
  return out;
}

void Marks::take(char c, std::string& out) {
  if (!held_.empty()) {
    if (c == ']') {
      out += renumbered();
      held_.clear();
      return;
    }
    if (in_a_mark(c) && held_.size() < kMarkBytesMax) {
      held_ += c;
      return;
    }
    out += held_;
    held_.clear();
  }
  if (c == '`') in_code_ = !in_code_;
  if (c == '[' && !in_code_ && passages_ > 0) {
    held_ += c;
  } else {
    out += c;
  }
}

// "[3, 1]" names two.
std::string Marks::renumbered() {
  std::string out;
  std::vector<size_t> named;
  size_t number = 0;
  bool digits = false;
  bool good = true;
  const auto end_number = [&] {
    good = good && digits && number >= 1 && number <= passages_;
    if (good) named.push_back(number - 1);
    number = 0;
    digits = false;
  };
  for (const char c : std::string_view(held_).substr(1)) {
    if (c == ',') {
      end_number();
    } else if (c != ' ') {
      number = std::min<size_t>(number * 10 + static_cast<size_t>(c - '0'), 1'000'000);
      digits = true;
    }
  }
  end_number();
  if (!good) return held_ + "]";
  for (const size_t passage : named) {
    auto found = std::find(cited_.begin(), cited_.end(), passage);
    if (found == cited_.end()) found = cited_.insert(cited_.end(), passage);
    out += "[" + std::to_string(found - cited_.begin() + 1) + "]";
  }
  return out;
}

}  // namespace chatpad::functions::ai

#include "functions/shared/text/tokenize.h"

#include <utility>

#include "functions/shared/text/fold.h"

namespace chatpad::text {
namespace {

class Tokenizer {
 public:
  Tokenizer(std::string_view text, std::size_t tokens_max) : text_(text), tokens_max_(tokens_max) {}

  std::vector<Token> run() {
    std::size_t i = 0;
    while (i < text_.size() && tokens_.size() < tokens_max_) {
      const CodePoint point = decode_utf8(text_, i);
      take(point.value, i, i + point.size_bytes);
      i += point.size_bytes;
    }
    finish();
    return std::move(tokens_);
  }

 private:
  void take(char32_t value, std::size_t begin, std::size_t end) {
    switch (classify(value)) {
      case CharacterKind::word:
        grow(value, begin, end);
        return;
      case CharacterKind::mark:
        return;
      case CharacterKind::ideograph:
        finish();
        grow(value, begin, end);
        finish();
        return;
      case CharacterKind::apostrophe:
        if (open_) apostrophe_at_ = current_.text.size();
        return;
      case CharacterKind::hyphen: {
        const bool inside = open_ && current_.end == begin;
        finish();
        next_joint_ = inside ? Joint::hyphen : Joint::none;
        joint_end_ = end;
        return;
      }
      case CharacterKind::separator:
        finish();
        return;
    }
  }

  void grow(char32_t value, std::size_t begin, std::size_t end) {
    if (!open_) {
      open_ = true;
      current_ = Token{};
      current_.begin = begin;
      current_.joint = begin == joint_end_ ? next_joint_ : Joint::none;
      current_.capital = is_upper(value) ? Capital::first : Capital::none;
    }
    if (current_.text.size() < kTokenBytesMax) append_folded(value, current_.text);
    current_.end = end;
  }

  // "shop's" is "shop"; "don't" is "dont"; "l'heure" stays whole.
  void finish() {
    if (!open_) return;
    open_ = false;
    const std::string_view tail =
        std::string_view(current_.text)
            .substr(apostrophe_at_ == 0 ? current_.text.size() : apostrophe_at_);
    if (tail == "s") current_.text.resize(apostrophe_at_);
    apostrophe_at_ = 0;
    if (tokens_.size() < tokens_max_) tokens_.push_back(std::move(current_));
  }

  std::string_view text_;
  std::size_t tokens_max_;
  std::vector<Token> tokens_;
  Token current_;
  bool open_ = false;
  std::size_t apostrophe_at_ = 0;  // 0: none
  Joint next_joint_ = Joint::none;
  std::size_t joint_end_ = static_cast<std::size_t>(-1);
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, std::size_t tokens_max) {
  return Tokenizer(text, tokens_max).run();
}

std::size_t count_words(std::string_view text) { return tokenize(text).size(); }

}  // namespace chatpad::text

#include <algorithm>

#include "functions/shared/safety/matchers.h"

namespace chatpad::safety {
namespace {

constexpr size_t kLeakWords = 6;      // so many words in a row are a quotation
constexpr size_t kLeakBytes = 2000;   // of one match
constexpr size_t kEncodedBytes = 32;  // of base64 or hex without a blank

bool in_encoded(char c) {
  return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
}

// Do these words stand in the instructions, in this order?
bool stands(const std::vector<std::string>& words, const std::vector<std::string>& run) {
  return std::search(words.begin(), words.end(), run.begin(), run.end()) != words.end();
}

}  // namespace

Verdict match_leak(const Place& place, const std::vector<std::string>& instructions) {
  const char first = place.text[place.at];
  if (!is_word(first) && !in_encoded(first)) return nothing();
  // Whatever it says, it was written so that nobody could read it; a longer one in several parts.
  const bool goes_on = place.at >= kEncodedBytes &&
                       std::all_of(place.text.begin() + static_cast<long>(place.at - kEncodedBytes),
                                   place.text.begin() + static_cast<long>(place.at), in_encoded);
  size_t end = place.at;
  while (end < place.text.size() && end - place.at < kLeakBytes && in_encoded(place.text[end])) {
    ++end;
  }
  if (!goes_on && (!is_word(first) || is_word(place.before()))) return nothing();
  if (place.ends_at(end) && end - place.at < kLeakBytes) return open();
  if (goes_on ? end > place.at : end - place.at >= kEncodedBytes) {
    return found(Kind::leak, place, end - place.at);
  }
  if (goes_on) return nothing();
  std::vector<std::string> run;
  size_t matched = 0;
  size_t matched_words = 0;
  size_t at = place.at;
  while (at - place.at < kLeakBytes) {
    size_t word_end = at;
    while (word_end < place.text.size() && word_end - place.at < kLeakBytes &&
           is_word(place.text[word_end])) {
      ++word_end;
    }
    if (place.ends_at(word_end)) return open();
    if (word_end == at) break;
    run.push_back(lower(place.text.substr(at, word_end - at)));
    if (!stands(instructions, run)) break;
    matched = word_end;
    ++matched_words;
    at = word_end;
    while (at < place.text.size() && at - word_end < 8 && !is_word(place.text[at])) ++at;
    if (place.ends_at(at)) return open();
  }
  return matched_words >= kLeakWords ? found(Kind::leak, place, matched - place.at) : nothing();
}

}  // namespace chatpad::safety

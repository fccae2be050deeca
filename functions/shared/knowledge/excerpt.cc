#include "functions/shared/knowledge/excerpt.h"

#include <algorithm>
#include <array>
#include <vector>

#include "functions/shared/knowledge/answer.h"
#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::knowledge {
namespace {

// What holding the sort of thing that was asked for is worth.
constexpr float kKindBonus = 0.25F;
// What a window loses for each word: of two that say the same the shorter one is the answer.
constexpr float kWordPenalty = 0.002F;
// What words in the sentences count beyond those that the heading has already.
constexpr float kOwnWeight = 0.6F;
// What counts of the words that the heading does not have: they tell its sentences apart.
constexpr float kRestWeight = 0.4F;
// What the beginning of a section gains when the heading is what was asked for.
constexpr float kLeadBonus = 0.5F;
// How much of that is left when it does not hold the sort of thing that was asked for.
constexpr float kLeadWithoutKind = 0.5F;
// What a sentence before the beginning costs, so that equal windows start early.
constexpr float kLatePenalty = 0.004F;

struct Sentence {
  text::Span span;
  std::string_view words;  // without a list marker
  TermMask mask;
  std::size_t word_count = 0;
  bool item = false;
  bool introduces = false;  // ends with a colon
  bool leans = false;       // makes no sense without the one before
  bool fits = false;        // holds the sort of thing that was asked for
};

bool leans_on_previous(std::string_view sentence) {
  static constexpr std::array<std::string_view, 26> openers = {
      "it",        "its",          "this",     "that",         "these", "those",   "they",
      "then",      "there",        "he",       "she",          "also",  "however", "but",
      "otherwise", "so",           "instead",  "such",         "and",   "or",      "note",
      "therefore", "additionally", "moreover", "consequently", "thus"};
  const auto tokens = text::tokenize(sentence, 1);
  return !tokens.empty() &&
         std::find(openers.begin(), openers.end(), tokens.front().text) != openers.end();
}

std::vector<Sentence> read_sentences(const Query& query, std::string_view content,
                                     text::Language language) {
  std::vector<Sentence> sentences;
  for (const text::Span& span : text::split_sentences(content)) {
    Sentence sentence;
    sentence.span = span;
    const std::string_view whole = span.of(content);
    const std::size_t marker = text::list_marker_bytes(whole);
    sentence.words = whole.substr(marker);
    sentence.item = marker > 0;
    sentence.mask = match_terms(query, whole, language);
    sentence.word_count = text::count_words(whole);
    sentence.introduces = whole.ends_with(':');
    sentence.leans = leans_on_previous(whole);
    sentences.push_back(sentence);
  }
  return sentences;
}

class Chooser {
 public:
  Chooser(const SearchResult& found, const Hit& hit, const Passage& passage,
          text::Language language, AnswerKind kind)
      : found_(found),
        hit_(hit),
        kind_(kind),
        content_(passage.content),
        heading_(match_terms(found.query, passage.heading, language)),
        in_heading_(coverage(found.query, found.mass, heading_)),
        sentences_(read_sentences(found.query, passage.content, language)) {
    for (Sentence& sentence : sentences_) sentence.fits = speaks_of(kind, sentence.words);
  }

  Excerpt run() {
    if (sentences_.empty()) return {std::string(content_), std::string(content_), 0};
    choose();
    extend();
    return {answer_text(), snippet(), fits_};
  }

 private:
  void choose() {
    float best = -1;
    for (std::size_t first = 0; first < sentences_.size(); ++first) {
      TermMask mask;
      std::size_t words = 0;
      bool fits = false;
      for (std::size_t last = first; last < sentences_.size() && last - first < kAnswerSentencesMax;
           ++last) {
        mask |= sentences_[last].mask;
        words += sentences_[last].word_count;
        fits = fits || sentences_[last].fits;
        const bool lacks_kind = kind_ != AnswerKind::any && !fits;
        const float value = value_of(first, mask, words, lacks_kind ? kLeadWithoutKind : 1.0F) +
                            (fits ? kKindBonus : 0.0F);
        if (value <= best) continue;
        best = value;
        fits_ = fits ? coverage(found_.query, found_.mass, mask) : 0.0F;
        first_ = first;
        last_ = last;
      }
    }
  }

  float value_of(std::size_t first, TermMask mask, std::size_t words, float lead) const {
    TermMask with_heading = mask;
    with_heading |= heading_;
    const float own = coverage(found_.query, found_.mass, mask);
    const float together = coverage(found_.query, found_.mass, with_heading);
    float value = kOwnWeight * own + together;
    if (in_heading_ < 1) value += kRestWeight * (together - in_heading_) / (1 - in_heading_);
    if (first == 0 && hit_.opens_section) value += kLeadBonus * lead * hit_.heading;
    return value - kWordPenalty * static_cast<float>(words) -
           kLatePenalty * static_cast<float>(first);
  }

  void extend() {
    if (first_ > 0 && sentences_[first_].leans && !sentences_[first_ - 1].item) --first_;
    if (first_ > 0 && sentences_[first_ - 1].introduces) --first_;
    const bool near = last_ < kAnswerSentencesMax && words_before(first_) <= kLeadWordsMax;
    if (hit_.opens_section && near) first_ = 0;
    std::size_t words = 0;
    for (std::size_t i = first_; i <= last_; ++i) words += sentences_[i].word_count;
    while (last_ + 1 < sentences_.size() && wants_more(words)) {
      ++last_;
      words += sentences_[last_].word_count;
    }
  }

  std::size_t words_before(std::size_t end) const {
    std::size_t words = 0;
    for (std::size_t i = 0; i < end; ++i) words += sentences_[i].word_count;
    return words;
  }

  bool wants_more(std::size_t words) const {
    const std::size_t count = last_ - first_ + 1;
    if (sentences_[last_].introduces) return count < kAnswerSentencesMax + 1;
    if (sentences_[last_ + 1].item && introduced()) return count < kAnswerListItemsMax;
    return words < kAnswerWordsMin && count < kAnswerSentencesMax;
  }

  bool introduced() const {
    return std::any_of(sentences_.begin() + static_cast<std::ptrdiff_t>(first_),
                       sentences_.begin() + static_cast<std::ptrdiff_t>(last_) + 1,
                       [](const Sentence& sentence) { return sentence.introduces; });
  }

  std::string answer_text() const {
    std::string out;
    const bool one_item =
        sentences_[first_].item && (first_ == last_ || !sentences_[first_ + 1].item);
    for (std::size_t i = first_; i <= last_; ++i) {
      if (i > first_) out += separator(i);
      out += i == first_ && one_item ? sentences_[i].words : sentences_[i].span.of(content_);
    }
    for (const std::string_view marker : {"A:", "Answer:", "Antwort:"}) {
      if (out.size() > marker.size() + 1 && out.starts_with(marker)) {
        out.erase(0, marker.size() + 1);
      }
    }
    return out;
  }

  // The separation the text itself has, without runs of it.
  std::string_view separator(std::size_t i) const {
    const std::size_t begin = sentences_[i - 1].span.end;
    const std::string_view gap = content_.substr(begin, sentences_[i].span.begin - begin);
    return gap.find('\n') == std::string_view::npos ? " " : "\n";
  }

  // The sentence of the answer that says most, and as much around it as fits: of the answer first.
  std::string snippet() const {
    std::size_t first = core();
    std::size_t last = first;
    const auto bytes = [&](std::size_t from, std::size_t to) {
      return sentences_[to].span.end - sentences_[from].span.begin;
    };
    while (first > first_ && bytes(first - 1, last) <= kSnippetBytesMax) --first;
    while (last + 1 < sentences_.size() && bytes(first, last + 1) <= kSnippetBytesMax) ++last;
    while (first > 0 && bytes(first - 1, last) <= kSnippetBytesMax) --first;
    const std::size_t begin = sentences_[first].span.begin;
    std::string_view piece = content_.substr(begin, sentences_[last].span.end - begin);
    if (piece.size() <= kSnippetBytesMax) return text::collapse_space(piece);
    piece = piece.substr(0, piece.find_last_of(' ', kSnippetBytesMax));
    piece = piece.substr(0, whole_characters(piece));
    return text::collapse_space(piece) + " …";
  }

  std::size_t core() const {
    std::size_t best = first_;
    float best_value = -1;
    for (std::size_t i = first_; i <= last_; ++i) {
      const Sentence& sentence = sentences_[i];
      const float value = value_of(i, sentence.mask, sentence.word_count, 0.0F) +
                          (sentence.fits ? kKindBonus : 0.0F);
      if (value <= best_value) continue;
      best_value = value;
      best = i;
    }
    return best;
  }

  static std::size_t whole_characters(std::string_view piece) {
    std::size_t size = std::min(piece.size(), kSnippetBytesMax);
    if (size == piece.size()) return size;
    while (size > 0 && (static_cast<unsigned char>(piece[size]) & 0xC0) == 0x80) --size;
    return size;
  }

  const SearchResult& found_;
  const Hit& hit_;
  AnswerKind kind_;
  std::string_view content_;
  TermMask heading_;
  float in_heading_;
  std::vector<Sentence> sentences_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  float fits_ = 0;
};

}  // namespace

Excerpt best_excerpt(const SearchResult& found, const Hit& hit, const Passage& passage,
                     text::Language language, AnswerKind kind) {
  return Chooser(found, hit, passage, language, kind).run();
}

}  // namespace chatpad::knowledge

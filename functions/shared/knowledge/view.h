// The passages of an index that one search may touch.
//
// For: searching for somebody. A search through a view finds, ranks and scores exactly as one over
// an index of the visible passages alone would: what is hidden counts for no rarity, no spelling
// and no length (view_test.cc compares the two). Owner: the caller; it refers to nothing of the
// index. Errors: none. Limits: one byte a passage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "functions/shared/knowledge/access.h"

namespace chatpad::knowledge {

class Index;

/// What the asker narrows the search to; everything unless set.
struct Narrowing {
  std::vector<std::string> source_ids;
  std::string url_prefix;
  std::optional<int> page_from;
  std::optional<int> page_to;

  bool empty() const { return source_ids.empty() && url_prefix.empty() && !page_from && !page_to; }
};

class View {
 public:
  View(const Index& index, const Audience& who, const Narrowing& narrowing = {});

  bool shows(std::size_t passage) const { return all_ || shown_[passage] != 0; }
  /// One byte a passage; empty when all are shown.
  std::span<const std::uint8_t> shown() const {
    return all_ ? std::span<const std::uint8_t>() : shown_;
  }
  bool shows_all() const { return all_; }
  std::size_t size() const { return size_; }
  float mean_words() const { return mean_words_; }

 private:
  bool all_ = true;
  std::vector<std::uint8_t> shown_;  // empty when all are
  std::size_t size_ = 0;
  float mean_words_ = 1.0F;
};

}  // namespace chatpad::knowledge

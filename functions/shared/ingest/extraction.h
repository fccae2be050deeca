// What the extractor says, checked: it has read a stranger's file, so nothing it writes is
// believed. A line that is not one of its own, text that is not UTF-8, numbers out of place end it
// as extractor_failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "functions/shared/ingest/child.h"

namespace chatpad::ingest {

constexpr size_t kPassageBytesMax = 64 * 1024;
constexpr int kPassagesMax = 20'000;  // of one file or page

struct DocumentInfo {
  std::string type;
  std::string title;
  std::optional<int64_t> pages;
  bool noindex = false;
};

struct Event {
  enum class Kind : uint8_t { document, passage, url, end, failure };
  Kind kind = Kind::failure;
  DocumentInfo document;
  std::string json;  // of a passage or url: the object; of an end: the place to go on from
  std::optional<int64_t> page;            // of a passage
  std::string code = "extractor_failed";  // of a failure
};

Event read_event(std::string_view line);
// The next event; the end of the process without one is a failure.
Task<Event> next_event(Child& child);

}  // namespace chatpad::ingest

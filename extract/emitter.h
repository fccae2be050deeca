// Emitter: what a reader has found, as lines of JSON on standard output, each as soon as it is
// known:
//
//   {"document": {"type": "application/pdf", "title": "...", "pages": 12, "noindex": false}}
//   {"passage": {"heading": "A > B", "page": 3, "content": "...", "start": 120, "end": 480}}
//   {"url": {"loc": "https://...", "lastmod": "..."}}       of a sitemap
//   {"end": {"next": {"page": 251, ...} or null}}           next: what --from takes to go on
//   {"failure": "file_damaged"}                             instead of end
//
// The codes of failures are listed in functions/shared/ingest/failures.h.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "functions/shared/text/chunk.h"

namespace chatpad::extract {

// Ends the program with {"failure": code}.
class Failure : public std::exception {
 public:
  explicit Failure(const char* code) : code_(code) {}
  const char* what() const noexcept override { return code_; }

 private:
  const char* code_;
};

struct DocumentFacts {
  std::string type;  // a media type
  std::string title;
  std::optional<int> pages;
  bool noindex = false;
};

// Where a run begins, and where the one before it ended.
struct Place {
  int page = 1;
  text::ChunkPlace chunk;
};

// The heading level of a question: below all that documents have.
constexpr int kQuestionLevel = 8;

class Emitter {
 public:
  explicit Emitter(Place from) : chunker_([this](text::Chunk c) { passage(c); }, from.chunk) {}

  void document(const DocumentFacts& facts);
  // An empty text is left out; controls are taken out.
  void add(text::Block block);
  void heading(int level, std::string_view text, std::optional<int> page = {});
  void paragraph(std::string_view text, std::optional<int> page = {});
  void item(std::string_view text, std::optional<int> page = {});
  // A question with its answer; what follows is not below it.
  void question(std::string_view question, std::string_view answer, std::optional<int> page = {});
  void url(std::string_view loc, std::string_view lastmod);
  void end(std::optional<int> next_page = {});

 private:
  void passage(const text::Chunk& chunk);

  text::Chunker chunker_;
};

void emit_failure(std::string_view code);
// The place that end() wrote; nullopt when it is none.
std::optional<Place> read_place(std::string_view json);

}  // namespace chatpad::extract

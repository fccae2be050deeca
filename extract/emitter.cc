#include "extract/emitter.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "functions/shared/text/sentences.h"
#include "runtime/wire/json.h"

namespace chatpad::extract {
namespace {

constexpr size_t kBlockBytesMax = 1024 * 1024;
constexpr int kHeadingsMax = 12;

void write_line(std::string line) {
  line += '\n';
  if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) throw Failure("interrupted");
}

// Controls say nothing, and PostgreSQL keeps no NUL.
std::string without_controls(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 ? byte != 0x7F : c == '\n' || c == '\t') clean += c;
  }
  return clean;
}

// Never between the bytes of one character.
std::string_view shortened(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t cut = bytes_max;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return text.substr(0, cut);
}

}  // namespace

void Emitter::document(const DocumentFacts& facts) {
  wire::JsonWriter w;
  w.object().object("document").field("type", facts.type);
  w.field("title", shortened(text::collapse_space(without_controls(facts.title)), 1000));
  w.field("pages", facts.pages).field("noindex", facts.noindex).end().end();
  write_line(std::move(w).str());
}

void Emitter::add(text::Block block) {
  block.text = without_controls(block.text);
  if (block.kind != text::BlockKind::code) {
    if (block.kind == text::BlockKind::heading) {
      block.text = shortened(text::collapse_space(block.text), text::kHeadingLineBytesMax);
    }
  }
  const size_t first = block.text.find_first_not_of(" \t\n");
  if (first == std::string::npos) return;
  if (block.kind != text::BlockKind::code) block.text.erase(0, first);
  block.text.erase(block.text.find_last_not_of(" \t\n") + 1);
  if (block.text.size() > kBlockBytesMax) block.text = shortened(block.text, kBlockBytesMax);
  chunker_.add(block);
}

void Emitter::heading(int level, std::string_view text, std::optional<int> page) {
  add({text::BlockKind::heading, level, page, std::string(text)});
}

void Emitter::paragraph(std::string_view text, std::optional<int> page) {
  add({text::BlockKind::paragraph, 0, page, text::collapse_space(text)});
}

void Emitter::item(std::string_view text, std::optional<int> page) {
  add({text::BlockKind::item, 0, page, text::collapse_space(text)});
}

void Emitter::question(std::string_view question, std::string_view answer,
                       std::optional<int> page) {
  heading(kQuestionLevel, question, page);
  paragraph(answer, page);
  chunker_.close(kQuestionLevel);
}

void Emitter::url(std::string_view loc, std::string_view lastmod) {
  wire::JsonWriter w;
  w.object().object("url").field("loc", without_controls(loc));
  w.field("lastmod", without_controls(lastmod)).end().end();
  write_line(std::move(w).str());
}

void Emitter::end(std::optional<int> next_page) {
  chunker_.flush();
  wire::JsonWriter w;
  w.object().object("end");
  if (next_page) {
    const text::ChunkPlace place = chunker_.place();
    w.object("next").field("page", *next_page).field("chars", place.chars).array("headings");
    for (const text::OpenHeading& heading : place.headings) {
      w.array().value(heading.level).value(heading.text).end();
    }
    w.end().end();
  } else {
    w.key("next").null();
  }
  w.end().end();
  write_line(std::move(w).str());
}

void Emitter::passage(const text::Chunk& chunk) {
  wire::JsonWriter w;
  w.object().object("passage").field("heading", chunk.heading).field("page", chunk.page);
  w.field("content", chunk.content).field("start", chunk.start).field("end", chunk.end);
  w.end().end();
  write_line(std::move(w).str());
}

void emit_failure(std::string_view code) {
  wire::JsonWriter w;
  w.object().field("failure", code).end();
  std::printf("%s\n", w.view().c_str());
}

std::optional<Place> read_place(std::string_view json) {
  const auto parsed = wire::parse_json(json);
  if (!parsed || !parsed.value().is_object()) return std::nullopt;
  const wire::Json& from = parsed.value();
  if (!from.contains("page") || !from["page"].is_number_unsigned()) return std::nullopt;
  if (!from.contains("chars") || !from["chars"].is_number_unsigned()) return std::nullopt;
  if (!from.contains("headings") || !from["headings"].is_array()) return std::nullopt;
  Place place;
  place.page = from["page"].get<int>();
  place.chunk.chars = from["chars"].get<int64_t>();
  if (from["headings"].size() > kHeadingsMax) return std::nullopt;
  for (const wire::Json& heading : from["headings"]) {
    if (!heading.is_array() || heading.size() != 2 || !heading[0].is_number_integer() ||
        !heading[1].is_string()) {
      return std::nullopt;
    }
    place.chunk.headings.push_back({heading[0].get<int>(), heading[1].get<std::string>()});
  }
  return place;
}

}  // namespace chatpad::extract

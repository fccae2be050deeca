#include "functions/shared/ingest/extraction.h"

#include <nlohmann/json.hpp>

#include "functions/shared/ingest/failures.h"
#include "runtime/wire/json.h"

namespace chatpad::ingest {
namespace {

using wire::Json;

constexpr size_t kTitleBytesMax = 2000;
constexpr size_t kPlaceBytesMax = 16 * 1024;
constexpr size_t kUrlBytesMax = 2048;
constexpr int64_t kPlaceMost = 1'000'000'000;  // of characters and pages

Event failure(std::string_view code) {
  Event event;
  event.code = failure_info(code).code;
  return event;
}

std::optional<std::string> text_of(const Json& object, const char* name, size_t bytes_max) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  std::string text = found->get<std::string>();
  if (text.size() > bytes_max || text.find('\0') != std::string::npos) return std::nullopt;
  return text;
}

// Absent and null are no number; what is not one is out of place: -1.
std::optional<int64_t> number_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::nullopt;
  if (!found->is_number_unsigned()) return -1;
  const auto number = found->get<uint64_t>();
  return number > kPlaceMost ? -1 : static_cast<int64_t>(number);
}

Event read_document(const Json& object) {
  const auto type = text_of(object, "type", 100);
  const auto title = text_of(object, "title", kTitleBytesMax);
  const auto pages = number_of(object, "pages");
  const auto noindex = object.find("noindex");
  if (!type || !title || pages == -1 || noindex == object.end() || !noindex->is_boolean()) {
    return failure("extractor_failed");
  }
  Event event;
  event.kind = Event::Kind::document;
  event.document = {*type, *title, pages, noindex->get<bool>()};
  return event;
}

Event read_passage(const Json& object) {
  const auto heading = text_of(object, "heading", kTitleBytesMax);
  const auto content = text_of(object, "content", 1024 * 1024);
  const auto page = number_of(object, "page");
  const auto start = number_of(object, "start");
  const auto end = number_of(object, "end");
  if (!heading || !content || content->empty() || page == -1 || !start || *start < 0 || !end ||
      *end < *start) {
    return failure("extractor_failed");
  }
  if (content->size() > kPassageBytesMax) return failure("too_large");
  wire::JsonWriter w;
  w.object().field("heading", *heading).field("page", page).field("content", *content);
  w.field("start", *start).field("end", *end).end();
  Event event;
  event.kind = Event::Kind::passage;
  event.json = std::move(w).str();
  event.page = page;
  return event;
}

Event read_url(const Json& object) {
  const auto loc = text_of(object, "loc", kUrlBytesMax);
  const auto lastmod = text_of(object, "lastmod", 100);
  if (!loc || loc->empty()) return failure("extractor_failed");
  wire::JsonWriter w;
  w.object().field("loc", *loc).field("lastmod", lastmod.value_or("")).end();
  Event event;
  event.kind = Event::Kind::url;
  event.json = std::move(w).str();
  return event;
}

Event read_end(const Json& object) {
  Event event;
  event.kind = Event::Kind::end;
  const auto next = object.find("next");
  if (next != object.end() && next->is_object()) event.json = wire::dump(*next);
  if (event.json.size() > kPlaceBytesMax) return failure("extractor_failed");
  return event;
}

}  // namespace

Event read_event(std::string_view line) {
  wire::JsonLimits limits;
  limits.bytes_max = kLineBytesMax;
  limits.nul = wire::NulEscape::refuse;
  const auto parsed = wire::parse_json(line, limits);
  if (!parsed || !parsed.value().is_object() || parsed.value().size() != 1) {
    return failure("extractor_failed");
  }
  const auto only = parsed.value().begin();
  const std::string& name = only.key();
  const Json& value = only.value();
  if (name == "failure" && value.is_string()) return failure(value.get<std::string>());
  if (!value.is_object()) return failure("extractor_failed");
  if (name == "document") return read_document(value);
  if (name == "passage") return read_passage(value);
  if (name == "url") return read_url(value);
  if (name == "end") return read_end(value);
  return failure("extractor_failed");
}

}  // namespace chatpad::ingest

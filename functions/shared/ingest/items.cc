#include "functions/shared/ingest/items.h"

#include "functions/shared/text/chunk.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr size_t kMetadataBytesMax = 8 * 1024;
constexpr size_t kTagsMax = 50;
constexpr size_t kTagCharsMax = 100;

}  // namespace

void ItemList::add(const wire::Fields& item) {
  try {
    const std::string title = item.string("title", 1, kItemTitleCharsMax);
    const std::string content = item.string("content", 1, kItemContentCharsMax);
    const std::string type =
        item.choice("type", {"faq", "product", "documentation", "company_info"});
    add(title, content, type,
        item.optional_object_text("metadata", kMetadataBytesMax).value_or("{}"));
  } catch (const Raised& raised) {
    fail(raised.error());
  }
}

void ItemList::add_question(const wire::Fields& entry) {
  try {
    const std::string question = entry.string("question", 1, kItemTitleCharsMax);
    const std::string answer = entry.string("answer", 1, kItemContentCharsMax);
    wire::JsonWriter metadata;
    metadata.object().array("tags");
    for (const std::string& tag : entry.string_list("tags", kTagsMax, kTagCharsMax)) {
      metadata.value(tag);
    }
    metadata.end().end();
    add(question, answer, "faq", metadata.view());
  } catch (const Raised& raised) {
    fail(raised.error());
  }
}

void ItemList::add(std::string_view title, std::string_view content, std::string_view type,
                   std::string_view metadata_json) {
  wire::JsonWriter w;
  w.object().field("title", title).field("content", content).field("type", type);
  w.raw_field("metadata", metadata_json).array("passages");
  bool any = false;
  text::Chunker chunker([&](const text::Chunk& chunk) {
    any = true;
    w.object().field("heading", chunk.heading).field("start", chunk.start);
    w.field("end", chunk.end).field("content", chunk.content).end();
  });
  chunker.add({text::BlockKind::heading, 0, std::nullopt, std::string(title)});
  for (const text::Block& block : text::read_blocks(content)) chunker.add(block);
  chunker.flush();
  w.end().end();
  if (!any) wire::refuse_field("content", "must hold text");
  out_ += (out_.size() > 1 ? "," : "") + std::move(w).str();
}

void ItemList::fail(const Error& error) {
  wire::JsonWriter w;
  w.object().object("error").field("code", error_info(error.errc).code);
  w.field("message", error.message.value).field("details", error.details).end().end();
  out_ += (out_.size() > 1 ? "," : "") + std::move(w).str();
}

std::string ItemList::json() && { return std::move(out_) + "]"; }

}  // namespace chatpad::functions

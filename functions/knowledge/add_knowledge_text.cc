// POST /functions/v1/add-knowledge-text: pasted text becomes knowledge of an agent, cut into
// passages that keep their headings. The same text again is the same source.
#include "functions/shared/text/chunk.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::knowledge::add_knowledge_text {
using namespace chatpad::edge;

constexpr size_t kContentCharsMax = 2'000'000;

struct Input {
  Uuid agent_id;
  std::string title;
  std::optional<std::string> url;
  std::string content;
  static Input read(const wire::Fields& f) {
    return {f.uuid("agentId"), f.string("title", 1, 500), f.optional_string("url", 2000),
            f.string("content", 1, kContentCharsMax)};
  }
};

constexpr pg::Statement kAdd{"add_knowledge_text",
                             "select api.add_knowledge_text($1, $2, $3, $4, $5)"};

std::string chunks_json(std::string_view content) {
  wire::JsonWriter chunks;
  chunks.array();
  for (const text::Chunk& chunk : text::chunk_text(content)) {
    chunks.object().field("heading", chunk.heading).field("page", chunk.page);
    chunks.field("content", chunk.content).end();
  }
  chunks.end();
  return std::move(chunks).str();
}

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.agent_id, input.title, input.url, chunks_json(input.content),
                    input.content);
  std::string body = co_await call.db().json(kAdd, std::move(params));
  co_return created(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::api_key,
          .body_bytes_max = 8_MiB,
          .rate = per_caller(60, 60),
          .deadline_ms = 30'000,
          .summary = "Add pasted text to an agent's knowledge",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::add_knowledge_text

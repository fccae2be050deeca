#include "functions/shared/knowledge/keeper.h"

#include <utility>
#include <vector>

#include "functions/shared/knowledge/embedding_codec.h"
#include "runtime/base/log.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kClaim{
    "claim_embedding", "select agent_id, version, account_id from api.claim_embedding($1, $2)"};
constexpr pg::Statement kPassages{
    "passages_without_embedding",
    "select chunk_id, heading, content from api.passages_without_embedding($1, $2, $3)"};
constexpr pg::Statement kStore{"store_embeddings",
                               "select api.store_embeddings($1, $2, $3, $4, $5)"};
constexpr pg::Statement kRefuse{"refuse_embedding", "select api.refuse_embedding($1, $2, $3)"};
constexpr pg::Statement kFinish{"finish_embedding", "select api.finish_embedding($1, $2, $3)"};

std::string list_of(const std::vector<std::string>& items) {
  wire::JsonWriter out;
  out.array();
  for (const std::string& item : items) out.value(item);
  out.end();
  return std::move(out).str();
}

}  // namespace

KnowledgeKeeper::KnowledgeKeeper(edge::Context& context)
    : context_(context), embedder_(context.local<Embedder>()) {}

Task<void> KnowledgeKeeper::run() {
  for (;;) {
    bool more = false;
    uint64_t rest_ms = kEmbedLookMs;
    try {
      more = co_await work();
    } catch (const Raised& raised) {
      rest_ms = kEmbedRestMs;
      log::Line(LogLevel::warn, "embedding_waits")
          .field("code", error_info(raised.error().errc).code)
          .field("cause", raised.error().cause.value);
    }
    if (!more) co_await sleep_for(context_.loop(), rest_ms);
  }
}

// True when there may be more to do at once.
Task<bool> KnowledgeKeeper::work() {
  pg::Params asked(embedder_.model(), kEmbedLeaseS);
  pg::Rows claimed =
      co_await context_.service_pool().once(pg::service_claims(), kClaim, std::move(asked));
  if (claimed.size() != 1) co_return false;
  std::string agent_id = claimed.str(0, 0);
  const int64_t version = claimed.integer(0, 1);
  const KeyOwner owner(claimed.str(0, 2), OwnKeys::maybe);
  std::optional<Error> failure;
  try {
    co_await embed(owner, agent_id);
  } catch (const Raised& raised) {
    failure = raised.error();
  }
  std::optional<int64_t> complete;  // without it the agent waits
  if (!failure) complete = version;
  pg::Params done(agent_id, embedder_.model(), complete);
  co_await context_.service_pool().once(pg::service_claims(), kFinish, std::move(done));
  if (failure) {
    log::Line(LogLevel::warn, "embedding_waits")
        .field("agent", agent_id)
        .field("code", error_info(failure->errc).code)
        .field("cause", failure->cause.value);
  }
  co_return !failure;
}

Task<void> KnowledgeKeeper::embed(KeyOwner owner, std::string agent_id) {
  for (;;) {
    pg::Params which(agent_id, embedder_.model(), static_cast<int64_t>(kEmbedTextsMax));
    pg::Rows rows =
        co_await context_.service_pool().once(pg::service_claims(), kPassages, std::move(which));
    if (rows.size() == 0) co_return;
    std::vector<Text> texts;
    for (int row = 0; row < rows.size(); ++row) {
      texts.push_back({rows.str(row, 0), rows.str(row, 1) + "\n\n" + rows.str(row, 2)});
    }
    co_await embed_some(owner, agent_id, std::move(texts));
  }
}

// All of them have a vector then, or are noted as refused.
Task<void> KnowledgeKeeper::embed_some(KeyOwner owner, std::string agent_id,
                                       std::vector<Text> texts) {
  std::vector<std::vector<Text>> waiting;
  waiting.push_back(std::move(texts));
  bool service_is_well = false;
  while (!waiting.empty()) {
    const std::vector<Text> now = std::move(waiting.back());
    waiting.pop_back();
    std::vector<std::string> chunks;
    std::vector<std::string> words;
    for (const Text& text : now) {
      chunks.push_back(text.chunk_id);
      words.push_back(text.text);
    }
    const std::optional<std::vector<std::vector<float>>> vectors =
        co_await embedder_.of_passages(owner, std::move(words));
    if (vectors) {
      service_is_well = true;
      std::vector<std::string> arrays;
      for (const auto& vector : *vectors) arrays.push_back(chatpad::knowledge::real_array(vector));
      pg::Params stored(agent_id, embedder_.model(), list_of(chunks), list_of(arrays),
                        kEmbedLeaseS);
      co_await context_.service_pool().once(pg::service_claims(), kStore, std::move(stored));
      continue;
    }
    if (now.size() > 1) {
      const auto middle = now.begin() + static_cast<std::ptrdiff_t>(now.size() / 2);
      waiting.emplace_back(middle, now.end());
      waiting.emplace_back(now.begin(), middle);
      continue;
    }
    if (!service_is_well) {
      const bool taken = co_await takes_anything(owner);
      service_is_well = taken;
    }
    if (!service_is_well) {
      raise(Errc::upstream_failed, PublicText(), LogText("embeddings: every text is refused"));
    }
    log::Line(LogLevel::info, "embedding_refused").field("chunk", now.front().chunk_id);
    pg::Params refused(agent_id, embedder_.model(), now.front().chunk_id);
    co_await context_.service_pool().once(pg::service_claims(), kRefuse, std::move(refused));
  }
}

// A wrong model, say, is no passage's fault.
Task<bool> KnowledgeKeeper::takes_anything(KeyOwner owner) {
  std::vector<std::string> texts;
  texts.emplace_back("word");
  const std::optional<std::vector<std::vector<float>>> vectors =
      co_await embedder_.of_passages(std::move(owner), std::move(texts));
  co_return vectors.has_value();
}

}  // namespace chatpad::functions

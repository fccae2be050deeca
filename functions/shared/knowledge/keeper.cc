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

// `agent_id` is empty when it is not about one.
void log_wait(const Error& why, std::string_view agent_id) {
  log::Line line(LogLevel::warn, "embedding_waits");
  if (!agent_id.empty()) line.field("agent", agent_id);
  line.field("code", error_info(why.errc).code).field("cause", why.cause.value);
}

}  // namespace

KnowledgeKeeper::KnowledgeKeeper(edge::Context& context)
    : context_(context), embedder_(context.local<Embedder>()) {}

Task<void> KnowledgeKeeper::run() {
  for (;;) {
    uint64_t rest_ms = kEmbedLookMs;
    try {
      while (workers_.size() < kEmbedAgentsMax) {
        std::optional<Claim> claimed = co_await claim();
        if (!claimed) break;
        workers_.spawn(work(std::move(*claimed)));
      }
    } catch (const Raised& raised) {
      rest_ms = kEmbedRestMs;
      log_wait(raised.error(), "");
    }
    co_await sleep_for(context_.loop(), rest_ms);
  }
}

Task<std::optional<KnowledgeKeeper::Claim>> KnowledgeKeeper::claim() {
  pg::Params asked(embedder_.model(), kEmbedLeaseS);
  pg::Rows claimed =
      co_await context_.service_pool().once(pg::service_claims(), kClaim, std::move(asked));
  if (claimed.size() != 1) co_return std::nullopt;
  co_return Claim{KeyOwner(claimed.str(0, 2), OwnKeys::maybe), claimed.str(0, 0),
                  claimed.integer(0, 1)};
}

Task<void> KnowledgeKeeper::work(Claim first) {
  std::optional<Claim> claimed = std::move(first);
  while (claimed) {
    const std::string agent_id = claimed->agent_id;
    try {
      co_await finish(std::move(*claimed));
      std::optional<Claim> next = co_await claim();
      claimed = std::move(next);
    } catch (const Raised& raised) {
      log_wait(raised.error(), agent_id);
      co_return;
    }
  }
}

Task<void> KnowledgeKeeper::finish(Claim claimed) {
  std::optional<Error> failure;
  try {
    co_await embed(claimed.owner, claimed.agent_id);
  } catch (const Raised& raised) {
    failure = raised.error();
  }
  std::optional<int64_t> complete;  // without it the agent waits
  if (!failure) complete = claimed.version;
  pg::Params done(claimed.agent_id, embedder_.model(), complete);
  co_await context_.service_pool().once(pg::service_claims(), kFinish, std::move(done));
  if (failure) log_wait(*failure, claimed.agent_id);
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

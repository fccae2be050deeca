#include "functions/shared/knowledge/reranker.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/loop/loop.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

using chatpad::knowledge::Hit;
using chatpad::knowledge::Index;
using chatpad::knowledge::Passage;

std::string text_of(const Passage& passage) {
  std::string text = passage.title;
  if (!passage.heading.empty()) text += "\n" + passage.heading;
  text += "\n" + passage.content;
  shorten(text, kRerankTextBytesMax);
  return text;
}

bool may_be_sent(const Passage& passage) {
  return !passage.access ||
         passage.access->sensitivity != chatpad::knowledge::Sensitivity::restricted;
}

std::string body_of(const std::string& model, const std::string& question,
                    const std::vector<std::string>& texts) {
  wire::JsonWriter out;
  out.object().field("model", model).field("query", question).array("documents");
  for (const std::string& text : texts) out.value(text);
  out.end().field("top_n", static_cast<int64_t>(texts.size())).end();
  return std::move(out).str();
}

Error nonsense() {
  return Error(Errc::upstream_failed, PublicText(), LogText("rerank: not the format"));
}

// Gives the hits that were sent their relevance.
Result<void> read_relevance(std::string_view body, const std::vector<size_t>& sent,
                            std::vector<Hit>& hits) {
  const Result<wire::Json> parsed = wire::parse_json(body, {.bytes_max = kRerankAnswerBytesMax});
  if (!parsed || !parsed->is_object()) return nonsense();
  const auto results = parsed->contains("results") ? parsed->find("results") : parsed->find("data");
  if (results == parsed->end() || !results->is_array() || results->empty()) return nonsense();
  for (const wire::Json& one : *results) {
    if (!one.is_object()) return nonsense();
    const auto index = one.find("index");
    const auto score = one.find("relevance_score");
    if (index == one.end() || !index->is_number_unsigned() || score == one.end() ||
        !score->is_number() || index->get<uint64_t>() >= sent.size()) {
      return nonsense();
    }
    // Some services give scores that are no shares.
    hits[sent[index->get<size_t>()]].relevance = std::clamp(score->get<float>(), 0.0F, 1.0F);
  }
  return {};
}

}  // namespace

Reranker::Reranker(edge::Context& context)
    : context_(context), service_(context, context.config().rerank, "rerank.api_key") {}

Task<std::vector<Hit>> Reranker::order(KeyOwner owner, std::shared_ptr<const Index> index,
                                       std::string question, std::vector<Hit> hits) {
  std::vector<Hit> ordered = hits;
  std::vector<size_t> sent;
  std::vector<std::string> texts;
  for (size_t i = 0; i < std::min(hits.size(), kRerankHitsMax); ++i) {
    const Passage passage = index->passage(hits[i].passage);
    // What the service does not see counts with our own word for it.
    ordered[i].relevance = std::clamp(std::max(hits[i].evidence, hits[i].similarity), 0.0F, 1.0F);
    if (!may_be_sent(passage)) continue;
    sent.push_back(i);
    texts.push_back(text_of(passage));
  }
  if (!set() || sent.size() < 2) co_return hits;
  SideAccess access;
  std::optional<ai::Admission> admission;
  int status = 0;
  try {
    access = co_await service_.access(std::move(owner));
    if (!access.breaker->admit(context_.loop().now_ms())) co_return hits;
    admission.emplace(*access.breaker);
    std::string body = body_of(service_.model(), question, texts);
    const SideLimits limits{kRerankMs, kRerankAnswerBytesMax};
    const http::Response response =
        co_await service_.post(&access, "/rerank", std::move(body), limits);
    status = response.head.status;
    if (status != 200) {
      raise(Errc::upstream_failed, PublicText(),
            LogText("rerank: status " + std::to_string(status)));
    }
    read_relevance(response.body, sent, ordered).or_raise();
    admission->succeeded();
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const Hit& a, const Hit& b) { return a.relevance > b.relevance; });
    hits = std::move(ordered);
  } catch (const Raised& raised) {
    if (admission && !is_about_texts(status)) admission->failed(context_.loop().now_ms());
    log::Line(LogLevel::warn, "rerank_failed")
        .field("code", error_info(raised.error().errc).code)
        .field("cause", raised.error().cause.value);
  }
  co_return hits;
}

}  // namespace chatpad::functions

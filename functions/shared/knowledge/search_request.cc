#include "functions/shared/knowledge/search_request.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "functions/shared/knowledge/fuse.h"
#include "functions/shared/knowledge/groups.h"
#include "functions/shared/knowledge/library.h"
#include "functions/shared/knowledge/reranker.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

using chatpad::knowledge::Audience;
using chatpad::knowledge::Hit;
using chatpad::knowledge::Index;
using chatpad::knowledge::View;

constexpr pg::Statement kScope{"knowledge_search_scope",
                               "select agent_id, knowledge_version, account_id, inside "
                               "from api.knowledge_search_scope($1, $2)"};

struct Found {
  Library::Value index;
  Hit hit;
};

// How many times the results asked for are looked at for different ones.
constexpr size_t kDiversifyFrom = 3;

// What a service says of it; else how much of the question it covers, or how near it is in meaning.
double score_of(const Hit& hit) {
  if (hit.relevance >= 0) return hit.relevance;
  return std::clamp<double>(std::max(hit.evidence, hit.similarity), 0, 1);
}

// The best of what is asked for, among which the results are chosen.
size_t candidates_of(const SearchRequest& request, bool for_service) {
  const size_t count = kDiversifyFrom * static_cast<size_t>(request.top_k);
  return for_service ? std::max(count, kRerankHitsMax) : count;
}

// The results of one agent, of its candidates in their order, which is not that of the scores.
std::vector<Found> choose(const Library::Value& index, const SearchRequest& request,
                          std::vector<Hit> hits) {
  const auto count = static_cast<size_t>(request.top_k);
  std::erase_if(hits, [&](const Hit& hit) { return score_of(hit) < request.threshold; });
  if (request.diversity > 0) {
    hits =
        diversify(std::move(hits), index->vectors(), static_cast<float>(request.diversity), count);
  }
  if (hits.size() > count) hits.resize(count);
  std::vector<Found> found;
  for (const Hit& hit : hits) found.push_back({index, hit});
  return found;
}

std::string body_of(const std::vector<Found>& found) {
  wire::JsonWriter out;
  out.object().key("results").array();
  for (const Found& one : found) {
    const chatpad::knowledge::Passage& passage = one.index->passage(one.hit.passage);
    out.object()
        .field("id", passage.chunk_id)
        .field("source_id", passage.source_id)
        .field("title", passage.title)
        .field("url", passage.url)
        .field("page", passage.page)
        .field("heading", passage.heading)
        .field("content", passage.content)
        .field("score", score_of(one.hit))
        .end();
  }
  out.end().end();
  return std::move(out).str();
}

}  // namespace

SearchRequest SearchRequest::read(const wire::Fields& fields) {
  SearchRequest request;
  request.query = fields.string("query", 1, kSearchCharsMax);
  request.agent_id = fields.optional_uuid("agent_id");
  request.top_k = fields.optional_integer("top_k", 1, kTopKMax).value_or(kTopKDefault);
  request.threshold = fields.optional_number("threshold", 0, 1).value_or(0);
  request.diversity = fields.optional_number("diversity", 0, 1).value_or(0);
  request.groups = chatpad::knowledge::read_groups(fields, "user_groups");
  const std::optional<wire::Fields> filters = fields.optional_object("filters");
  if (!filters) return request;
  for (const Uuid& id : filters->uuid_list("source_ids", kFilterSourcesMax)) {
    request.narrowing.source_ids.push_back(id.str());
  }
  request.narrowing.url_prefix = filters->optional_string("url_prefix", 2000).value_or("");
  constexpr int64_t kPageMax = 1'000'000;
  const auto from = filters->optional_integer("page_from", 1, kPageMax);
  const auto to = filters->optional_integer("page_to", 1, kPageMax);
  if (from) request.narrowing.page_from = static_cast<int>(*from);
  if (to) request.narrowing.page_to = static_cast<int>(*to);
  return request;
}

Task<std::string> find_knowledge(edge::Call call, SearchRequest request) {
  pg::Params params(request.agent_id, chatpad::knowledge::group_array(request.groups));
  pg::Rows agents = co_await call.db().rows(kScope, std::move(params));
  auto shared = std::make_shared<const SearchRequest>(std::move(request));
  std::vector<Found> found;
  std::vector<float> question;  // its vector: asked for once, whatever comes of it
  bool has_asked = false;
  for (int row = 0; row < agents.size(); ++row) {
    const Uuid account = agents.uuid(row, 2).value_or(Uuid());
    const KeyOwner owner(account.str(), OwnKeys::maybe);
    const uint64_t lane = std::hash<Uuid>()(account);
    Library& library = call.context().local<Library>();
    std::string agent = agents.str(row, 0);
    const int64_t version = agents.integer(row, 1);
    Library::Value index = co_await library.open(std::move(agent), version, lane);
    auto who = std::make_shared<const Audience>(Audience{agents.boolean(row, 3), shared->groups});
    if (index->has_meanings() && !has_asked) {
      has_asked = true;
      question = co_await library.meaning(owner, index, shared->query);
    }
    std::vector<float> meaning;
    if (index->has_meanings()) meaning = question;
    Reranker& reranker = call.context().local<Reranker>();
    const size_t candidates = candidates_of(*shared, reranker.set());
    std::function<std::vector<Hit>()> job = [index, shared, who, meaning, candidates] {
      const View view(*index, *who, shared->narrowing);
      return index->search(shared->query, candidates, view, meaning).hits;
    };
    std::vector<Hit> hits = co_await call.context().workers().run<std::vector<Hit>>(
        call.context().loop(), std::move(job));
    hits = co_await reranker.order(owner, index, shared->query, std::move(hits));
    const std::vector<Found> more = choose(index, *shared, std::move(hits));
    found.insert(found.end(), more.begin(), more.end());
  }
  if (agents.size() > 1) {
    std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
      return score_of(a.hit) > score_of(b.hit);
    });
  }
  if (found.size() > static_cast<size_t>(shared->top_k)) found.resize(shared->top_k);
  co_return body_of(found);
}

}  // namespace chatpad::functions

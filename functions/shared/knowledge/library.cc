#include "functions/shared/knowledge/library.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "functions/shared/knowledge/embedding_codec.h"
#include "runtime/edge/metrics.h"

namespace chatpad::functions {
namespace {

using chatpad::knowledge::Index;
using chatpad::knowledge::IndexCache;
using chatpad::knowledge::Passage;
using chatpad::knowledge::Vectors;

constexpr pg::Statement kKnowledge{
    "knowledge_for_agent",
    "select chunk_id, source_id, title, url, page, heading, content, acl_mode, sensitivity, "
    "array_to_string(acl_groups, E'\\n') from api.knowledge_for_agent($1)"};

constexpr pg::Statement kEmbeddings{
    "embeddings_for_agent", "select chunk_id, embedding from api.embeddings_for_agent($1, $2)"};

// kPassagesMax at most, so that whatever has a row for each has as many as the index.
std::vector<Passage> passages_of(const pg::Rows& rows) {
  std::vector<Passage> passages;
  const int count = std::min(rows.size(), static_cast<int>(chatpad::knowledge::kPassagesMax));
  passages.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    Passage passage;
    passage.chunk_id = rows.str(i, 0);
    passage.source_id = rows.str(i, 1);
    passage.title = rows.str(i, 2);
    passage.url = rows.str(i, 3);
    if (!rows.is_null(i, 4)) passage.page = static_cast<int>(rows.integer(i, 4));
    passage.heading = rows.str(i, 5);
    passage.content = rows.str(i, 6);
    // Passages of one source stand together and share what says who may see them.
    const bool same = !passages.empty() && passages.back().source_id == passage.source_id;
    passage.access =
        same ? passages.back().access
             : chatpad::knowledge::read_access(rows.text(i, 7), rows.text(i, 8), rows.text(i, 9));
    passages.push_back(std::move(passage));
  }
  return passages;
}

// A row for each passage, of nothing where there is no vector yet. `rows` is not empty.
Vectors vectors_of(const pg::Rows& rows, const std::vector<Passage>& passages) {
  std::unordered_map<std::string_view, int> row_of;
  for (int row = 0; row < rows.size(); ++row) row_of.emplace(rows.text(row, 0), row);
  Vectors vectors(chatpad::knowledge::read_real_array(rows.text(0, 1)).size());
  vectors.reserve(passages.size());
  for (const Passage& passage : passages) {
    const auto found = row_of.find(passage.chunk_id);
    std::vector<float> vector;
    if (found != row_of.end()) {
      vector = chatpad::knowledge::read_real_array(rows.text(found->second, 1));
    }
    vectors.add(vector);
  }
  return vectors;
}

}  // namespace

KnowledgeShelf::KnowledgeShelf(edge::Commons& commons)
    : cache(static_cast<size_t>(commons.config().knowledge_cache_mb) * 1024 * 1024) {
  edge::Metrics& metrics = commons.metrics();
  const auto metric = [&](std::string name, std::string help, std::string_view type,
                          std::function<double(const IndexCache&)> read) {
    metrics.add(std::move(name), std::move(help), type,
                [this, read = std::move(read)] { return read(cache); });
  };
  metric("chatpad_knowledge_cache_hits_total", "Questions whose index was in memory.", "counter",
         [](const IndexCache& c) { return static_cast<double>(c.counters().hits); });
  metric("chatpad_knowledge_cache_misses_total", "Questions whose index was not.", "counter",
         [](const IndexCache& c) { return static_cast<double>(c.counters().misses); });
  metric("chatpad_knowledge_cache_evictions_total", "Indexes dropped for want of memory.",
         "counter",
         [](const IndexCache& c) { return static_cast<double>(c.counters().evictions); });
  metric("chatpad_knowledge_cache_bytes", "Memory of the indexes.", "gauge",
         [](const IndexCache& c) { return static_cast<double>(c.bytes()); });
  metric("chatpad_knowledge_cache_indexes", "Indexes in memory.", "gauge",
         [](const IndexCache& c) { return static_cast<double>(c.size()); });
}

Library::Library(edge::Context& context)
    : context_(context),
      cache_(context.commons().get<KnowledgeShelf>().cache),
      embedder_(context.local<Embedder>()) {}

Task<Library::Value> Library::open(std::string agent_id, int64_t version, uint64_t lane) {
  const auto number = static_cast<uint64_t>(version);
  Value index = cache_.get(agent_id, number);
  if (index) co_return index;
  const std::string key = agent_id + " " + std::to_string(version);
  const auto under_way = building_.find(key);
  if (under_way != building_.end()) {
    const std::shared_ptr<Building> building = under_way->second;
    while (!building->done) co_await building->changed.wait();
    if (building->index) co_return building->index;
  }
  // Whoever builds may be cancelled; then those who wait build for themselves.
  struct Guard {
    Library& library;
    std::string key;
    std::shared_ptr<Building> building;
    ~Guard() {
      building->done = true;
      const auto found = library.building_.find(key);
      if (found != library.building_.end() && found->second == building) {
        library.building_.erase(found);
      }
      building->changed.notify();
    }
  };
  Guard guard{*this, key, std::make_shared<Building>()};
  building_[key] = guard.building;
  index = co_await build(agent_id, lane);
  guard.building->index = index;
  cache_.put(agent_id, number, index);
  co_return index;
}

Task<Library::Value> Library::build(std::string agent_id, uint64_t lane) {
  pg::Claims claims = pg::service_claims();
  claims.lane = lane;
  pg::Rows read =
      co_await context_.service_pool().once(std::move(claims), kKnowledge, pg::Params(agent_id));
  const auto passages = std::make_shared<const pg::Rows>(std::move(read));
  std::shared_ptr<const pg::Rows> vectors;
  if (embedder_.set()) {
    pg::Claims same = pg::service_claims();
    same.lane = lane;
    pg::Params params(agent_id, embedder_.model());
    pg::Rows rows =
        co_await context_.service_pool().once(std::move(same), kEmbeddings, std::move(params));
    if (!rows.empty()) vectors = std::make_shared<const pg::Rows>(std::move(rows));
  }
  // What takes long with much knowledge is the worker's: reading the rows as well.
  std::function<Value()> job = [passages, vectors] {
    const std::vector<Passage> all = passages_of(*passages);
    return vectors ? std::make_shared<const Index>(all, vectors_of(*vectors, all))
                   : std::make_shared<const Index>(all);
  };
  Value index = co_await context_.workers().run<Value>(context_.loop(), std::move(job));
  co_return index;
}

Task<std::vector<float>> Library::meaning(KeyOwner owner, Value index, std::string question) {
  std::vector<float> vector;
  if (index->has_meanings()) {
    vector = co_await embedder_.of_question(std::move(owner), std::move(question));
  }
  co_return vector;
}

}  // namespace chatpad::functions

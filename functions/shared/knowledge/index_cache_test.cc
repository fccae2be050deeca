#include "functions/shared/knowledge/index_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "functions/shared/knowledge/knowledge_shop.h"

namespace chatpad::knowledge {
namespace {

std::shared_ptr<const Index> make() { return std::make_shared<const Index>(shop_passages()); }

TEST(IndexCache, keeps_one_version_of_each_agent_and_counts) {
  IndexCache cache;
  EXPECT_EQ(cache.get("a", 1), nullptr);
  const auto index = cache.put("a", 1, make());
  EXPECT_EQ(cache.get("a", 1), index);
  EXPECT_EQ(cache.get("a", 2), nullptr);
  cache.put("a", 2, make());
  EXPECT_EQ(cache.get("a", 1), nullptr);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.counters().hits, 1u);
  EXPECT_EQ(cache.counters().misses, 3u);
  cache.put("a", 3, nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(IndexCache, drops_the_least_recently_used_within_its_limit) {
  const std::size_t one = make()->bytes();
  IndexCache cache(2 * one + one / 2);
  cache.put("a", 1, make());
  const auto held = cache.put("b", 1, make());
  EXPECT_NE(cache.get("a", 1), nullptr);
  cache.put("c", 1, make());
  EXPECT_EQ(cache.get("b", 1), nullptr);
  EXPECT_NE(cache.get("a", 1), nullptr);
  EXPECT_NE(cache.get("c", 1), nullptr);
  EXPECT_EQ(cache.counters().evictions, 1u);
  using Agents = std::vector<std::pair<std::string, std::uint64_t>>;
  EXPECT_EQ(cache.agents(9), (Agents{{"c", 1}, {"a", 1}}));
  EXPECT_EQ(cache.agents(1), (Agents{{"c", 1}}));
  EXPECT_LE(cache.bytes(), cache.bytes_max());
  EXPECT_EQ(held->size(), shop_passages().size());
}

TEST(IndexCache, keeps_the_latest_however_large_it_is) {
  IndexCache cache(10);
  const auto index = cache.put("a", 1, make());
  EXPECT_EQ(cache.get("a", 1), index);
  cache.put("b", 1, make());
  EXPECT_EQ(cache.get("a", 1), nullptr);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.counters().evictions, 1u);
  EXPECT_EQ(cache.put("b", 2, nullptr), nullptr);
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace chatpad::knowledge

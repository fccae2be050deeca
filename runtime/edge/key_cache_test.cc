#include "runtime/edge/key_cache.h"

#include <gtest/gtest.h>

namespace chatpad::edge {
namespace {

constexpr std::string_view kOurs = "11111111-1111-4111-8111-111111111111";
constexpr std::string_view kTheirs = "22222222-2222-4222-8222-222222222222";

Caller key_of(std::string_view account) {
  Caller caller;
  caller.kind = CallerKind::api_key;
  caller.account_id = Uuid::parse(account);
  return caller;
}

DurableEvent told(std::string_view event, std::string_view account) {
  DurableEvent made;
  made.topic = "account:" + std::string(account);
  made.event = event;
  return made;
}

TEST(KeyCache, forgets_a_key_after_its_time) {
  KeyCache cache;
  cache.keep("a", key_of(kOurs), 5, cache.generation());
  EXPECT_TRUE(cache.find("a", 5 + kKeyCacheMs - 1));
  EXPECT_FALSE(cache.find("a", 5 + kKeyCacheMs));
  EXPECT_EQ(cache.size(), 0u);
}

TEST(KeyCache, forgets_the_keys_of_the_account_an_event_is_about) {
  for (const char* event : {"api_key.updated", "account.updated"}) {
    KeyCache cache;
    cache.keep("a", key_of(kOurs), 5, cache.generation());
    cache.keep("b", key_of(kTheirs), 5, cache.generation());
    cache.hear(told("lead.created", kOurs));
    EXPECT_TRUE(cache.find("a", 6));
    cache.hear(told(event, kOurs));
    EXPECT_FALSE(cache.find("a", 6));
    EXPECT_TRUE(cache.find("b", 6));
  }
}

TEST(KeyCache, does_not_keep_an_answer_that_an_event_has_overtaken) {
  KeyCache cache;
  const uint64_t asked = cache.generation();
  cache.hear(told("api_key.updated", kOurs));
  cache.keep("a", key_of(kOurs), 5, asked);
  EXPECT_FALSE(cache.find("a", 6));
}

TEST(KeyCache, believes_no_event_of_an_open_room_or_an_odd_topic) {
  KeyCache cache;
  cache.keep("a", key_of(kOurs), 5, cache.generation());
  DurableEvent open = told("api_key.updated", kOurs);
  open.is_private = false;
  cache.hear(open);
  cache.hear(told("api_key.updated", "nobody"));
  EXPECT_TRUE(cache.find("a", 6));
}

TEST(KeyCache, starts_over_when_it_is_full) {
  KeyCache cache;
  for (size_t i = 0; i <= kKeyCacheEntriesMax; ++i) {
    cache.keep(std::to_string(i), key_of(kOurs), 5, cache.generation());
  }
  EXPECT_EQ(cache.size(), 1u);
}

}  // namespace
}  // namespace chatpad::edge

#include "realtime/bus/redis_url.h"

#include <gtest/gtest.h>

namespace chatpad::realtime {
namespace {

TEST(RedisUrl, has_a_host_and_defaults) {
  const auto url = RedisUrl::parse("redis://cache.internal");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "cache.internal");
  EXPECT_EQ(url->port, 6379);
  EXPECT_EQ(url->db, 0);
  EXPECT_EQ(url->password, "");
}

TEST(RedisUrl, has_user_password_port_and_database) {
  const auto url = RedisUrl::parse("redis://chat:p%40ss%3a%2F@10.0.0.7:6380/3");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->user, "chat");
  EXPECT_EQ(url->password, "p@ss:/");
  EXPECT_EQ(url->host, "10.0.0.7");
  EXPECT_EQ(url->port, 6380);
  EXPECT_EQ(url->db, 3);
  EXPECT_EQ(RedisUrl::parse("redis://:secret@host/")->password, "secret");
  EXPECT_EQ(RedisUrl::parse("redis://[fd00::7]:6380")->host, "fd00::7");
}

TEST(RedisUrl, is_refused_with_a_sentence_that_does_not_repeat_it) {
  for (const char* text :
       {"", "redis://", "http://hunter2@host", "redis://hunter2@host", "redis://:hunter2@",
        "redis://:hunter2@host:0", "redis://:hunter2@host:70000", "redis://:hunter2@host:port",
        "redis://:hunter2@host/db", "redis://:hunter2@host/9999", "redis://:hunter2@ho st",
        "redis://:hunter2@host?x=1", "redis://:hunter2@[fd00::7", "redis://:hunter2@[fd00::7]x",
        "redis://:%00@host", "redis://:hunter2@host\r\nAUTH", "rediss://:hunter2@host"}) {
    const auto url = RedisUrl::parse(text);
    ASSERT_FALSE(url) << text;
    const std::string& said = url.error().message.value;
    EXPECT_EQ(url.error().errc, Errc::validation_failed);
    EXPECT_TRUE(said.starts_with("CHATPAD_REDIS_URL ")) << said;
    EXPECT_EQ(said.find("hunter2"), std::string::npos);
  }
  EXPECT_NE(RedisUrl::parse("rediss://host").error().message.value.find("TLS"), std::string::npos);
}

}  // namespace
}  // namespace chatpad::realtime

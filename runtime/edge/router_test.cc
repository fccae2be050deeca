#include "runtime/edge/router.h"

#include <gtest/gtest.h>

namespace chatpad::edge {
namespace {

Task<Reply> nothing(Call) { co_return no_content(); }

Endpoint with(http::Method method, std::string_view path) {
  Endpoint endpoint;
  endpoint.method = method;
  endpoint.path = path;
  endpoint.handle = nothing;
  return endpoint;
}

Router sample() {
  return Router({{"inbox", "send_human_message", with(http::Method::post, "")},
                 {"auth", "user", with(http::Method::get, "/auth/v1/user")},
                 {"chat", "page", with(http::Method::get, "/chat/{agent}")}});
}

TEST(Router, derives_the_path_from_the_file_name) {
  EXPECT_EQ(derived_path("send_human_message"), "/functions/v1/send-human-message");
  const Router router = sample();
  const auto match = router.find(http::Method::post, "/functions/v1/send-human-message");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->label, "inbox.send_human_message");
}

TEST(Router, answers_head_with_get_and_names_the_methods_of_a_known_path) {
  const Router router = sample();
  EXPECT_NE(router.find(http::Method::head, "/auth/v1/user").route, nullptr);
  const auto wrong = router.find(http::Method::del, "/auth/v1/user");
  EXPECT_EQ(wrong.route, nullptr);
  EXPECT_TRUE(wrong.path_known);
  EXPECT_EQ(wrong.allow, "OPTIONS, GET, HEAD");
}

TEST(Router, takes_one_segment_for_a_parameter) {
  const Router router = sample();
  EXPECT_EQ(router.find(http::Method::get, "/chat/abc").parameter, "abc");
  for (const char* path : {"/chat", "/chat/", "/chat/a/b", "/", ""}) {
    EXPECT_EQ(router.find(http::Method::get, path).route, nullptr) << path;
    EXPECT_FALSE(router.find(http::Method::get, path).path_known) << path;
  }
}

TEST(Router, takes_two_segments_around_a_word) {
  const Router router(
      {{"realtime", "broadcast", with(http::Method::post, "/rt/broadcast")},
       {"realtime", "event", with(http::Method::post, "/rt/broadcast/{topic}/events/{event}")}});
  const auto match = router.find(http::Method::post, "/rt/broadcast/a%2Fb/events/x");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->label, "realtime.event");
  EXPECT_EQ(match.parameter, "a%2Fb/events/x");
  EXPECT_EQ(router.find(http::Method::get, "/rt/broadcast/a/events/x").allow, "OPTIONS, POST");
  EXPECT_EQ(router.find(http::Method::post, "/rt/broadcast").route->label, "realtime.broadcast");
  for (const char* path :
       {"/rt/broadcast/a/events/", "/rt/broadcast//events/x", "/rt/broadcast/a/event/x",
        "/rt/broadcast/a/events", "/rt/broadcast/a/events/x/y", "/rt/broadcast/a"}) {
    EXPECT_EQ(router.find(http::Method::post, path).route, nullptr) << path;
  }
}

TEST(Router, takes_words_behind_parameters_and_every_method_of_one_shape) {
  const Router router({{"auth", "enroll", with(http::Method::post, "/f")},
                       {"auth", "remove", with(http::Method::del, "/f/{id}")},
                       {"auth", "challenge", with(http::Method::post, "/f/{id}/challenge")},
                       {"auth", "verify", with(http::Method::post, "/f/{id}/verify")},
                       {"admin", "list", with(http::Method::get, "/users/{id}/f")},
                       {"admin", "remove", with(http::Method::del, "/users/{id}/f/{factor}")},
                       {"admin", "change", with(http::Method::put, "/users/{user}/f/{f}")}});
  const auto challenge = router.find(http::Method::post, "/f/1/challenge");
  ASSERT_NE(challenge.route, nullptr);
  EXPECT_EQ(challenge.route->label, "auth.challenge");
  EXPECT_EQ(challenge.parameter, "1");
  EXPECT_EQ(router.find(http::Method::post, "/f/1/verify").route->label, "auth.verify");
  EXPECT_EQ(router.find(http::Method::get, "/users/7/f").parameter, "7");
  EXPECT_EQ(router.find(http::Method::put, "/users/7/f/9").route->label, "admin.change");
  EXPECT_EQ(router.find(http::Method::del, "/users/7/f/9").parameter, "7/f/9");
  EXPECT_EQ(router.find(http::Method::get, "/users/7/f/9").allow, "OPTIONS, PUT, DELETE");
  for (const char* path : {"/f/1/other", "/f//challenge", "/f/1/challenge/", "/f/1/challenge/2",
                           "f/1/challenge", "/users/7", "/users/7/f/", "/users/7/f/9/x"}) {
    EXPECT_EQ(router.find(http::Method::post, path).route, nullptr) << path;
    EXPECT_FALSE(router.find(http::Method::post, path).path_known) << path;
  }
}

TEST(RouterDeathTest, refuses_two_endpoints_of_one_shape) {
  EXPECT_DEATH(Router({{"a", "x", with(http::Method::get, "/s/{a}/t")},
                       {"b", "y", with(http::Method::get, "/s/{b}/t")}}),
               "two endpoints do not share");
}

TEST(RouterDeathTest, refuses_two_endpoints_on_one_path) {
  EXPECT_DEATH(Router({{"a", "x", with(http::Method::get, "/same")},
                       {"b", "y", with(http::Method::get, "/same")}}),
               "two endpoints do not share");
}

}  // namespace
}  // namespace chatpad::edge

#include "runtime/edge/reply.h"

#include <gtest/gtest.h>

#include "runtime/wire/fields.h"

namespace chatpad::edge {
namespace {

TEST(ErrorReply, has_the_four_parts_and_never_the_cause) {
  Error error(Errc::validation_failed, PublicText("message must be a string."),
              LogText("select secret"));
  error.details = "message";
  const Reply reply = error_reply(error, "id-1");
  EXPECT_EQ(reply.status, 400);
  const wire::Fields body = wire::Fields::parse(reply.body).or_raise();
  EXPECT_EQ(body.string("code", 1, 100), "validation_failed");
  EXPECT_EQ(body.string("message", 1, 100), "message must be a string.");
  EXPECT_EQ(body.string("details", 1, 100), "message");
  EXPECT_TRUE(body.has("hint"));
  EXPECT_FALSE(body.present("error_id"));
  EXPECT_EQ(reply.body.find("secret"), std::string::npos);
}

TEST(ErrorReply, names_an_error_id_from_500_up_and_when_to_try_again) {
  const Reply failed = error_reply(Error(Errc::internal), "id-2");
  EXPECT_EQ(wire::Fields::parse(failed.body).or_raise().string("error_id", 1, 100), "id-2");
  Error busy(Errc::too_many_requests);
  busy.retry_after_s = 7;
  EXPECT_NE(error_reply(busy, "").headers.find("Retry-After: 7\r\n"), std::string::npos);
  EXPECT_NE(error_reply(Error(Errc::draining), "").headers.find("Retry-After: 1\r\n"),
            std::string::npos);
}

TEST(ErrorReply, cannot_be_broken_by_what_it_quotes) {
  const Error hostile(Errc::bad_request, PublicText("a\"b\\c\r\nd\xff"));
  const wire::Fields body = wire::Fields::parse(error_reply(hostile, "").body).or_raise();
  EXPECT_NE(body.string("message", 1, 100).find("a\"b\\c"), std::string::npos);
}

TEST(EveryError, has_a_sentence_and_a_status) {
  for (const ErrorInfo& info : error_table()) {
    EXPECT_FALSE(info.code.empty());
    EXPECT_FALSE(info.hint.empty()) << info.code;
    EXPECT_GE(info.http_status, 400) << info.code;
    EXPECT_EQ(errc_from_code(info.code), info.errc);
  }
}

TEST(AuthErrorReply, speaks_the_version_the_client_asks_for) {
  Error error(Errc::weak_password, PublicText("Too short."));
  error.more = R"("weak_password":{"reasons":["length"]})";
  const Reply now = auth_error_reply(error, "", AuthVersion::since_2024);
  const wire::Fields body = wire::Fields::parse(now.body).or_raise();
  EXPECT_EQ(body.string("code", 1, 100), "weak_password");
  EXPECT_EQ(body.string("message", 1, 100), "Too short.");
  EXPECT_TRUE(body.optional_object("weak_password"));
  const Reply older = auth_error_reply(error, "", AuthVersion::older);
  EXPECT_EQ(older.body, R"({"code":422,"error_code":"weak_password","msg":"Too short.",)"
                        R"("weak_password":{"reasons":["length"]}})");
  EXPECT_EQ(older.status, 422);
}

TEST(AuthErrorReply, calls_three_codes_as_supabase_does) {
  const auto code = [](Errc errc) {
    const Reply reply = auth_error_reply(Error(errc), "id", AuthVersion::since_2024);
    return wire::Fields::parse(reply.body).or_raise().string("code", 1, 100);
  };
  EXPECT_EQ(code(Errc::too_many_requests), "over_request_rate_limit");
  EXPECT_EQ(code(Errc::internal), "unexpected_failure");
  EXPECT_EQ(code(Errc::deadline_exceeded), "request_timeout");
  EXPECT_EQ(code(Errc::bad_json), "bad_json");
}

}  // namespace
}  // namespace chatpad::edge

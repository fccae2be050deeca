#include "runtime/http/smtp.h"

#include <gtest/gtest.h>

#include "runtime/wire/crypto.h"

namespace chatpad::http {
namespace {

SmtpSettings server() {
  SmtpSettings settings;
  settings.host = "127.0.0.1";
  settings.from = "chat@example.com";
  settings.from_name = "Harbour Teas";
  return settings;
}

std::string line_of(const std::string& message, std::string_view name) {
  const size_t at = message.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return "";
  const size_t start = at + name.size() + 4;
  return message.substr(start, message.find("\r\n", start) - start);
}

TEST(SmtpMessage, has_the_headers_of_a_mail_and_its_text_as_base64) {
  OutgoingMail mail{"ann@example.com", "Your sign-in link", std::string(100, 'x') + "\n.\n",
                    "id-1"};
  const std::string message = message_of(server(), mail, 0);
  EXPECT_TRUE(message.starts_with("From: \"Harbour Teas\" <chat@example.com>\r\n"));
  EXPECT_EQ(line_of(message, "To"), "<ann@example.com>");
  EXPECT_EQ(line_of(message, "Subject"), "Your sign-in link");
  EXPECT_EQ(line_of(message, "Date"), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(line_of(message, "Message-ID"), "<id-1@example.com>");
  const std::string body = message.substr(message.find("\r\n\r\n") + 4);
  std::string joined;
  for (size_t at = 0, next; (next = body.find("\r\n", at)) != std::string::npos; at = next + 2) {
    EXPECT_LE(next - at, 76u);
    joined += body.substr(at, next - at);
  }
  EXPECT_EQ(wire::base64_decode(joined), mail.text);
}

TEST(SmtpMessage, lets_no_text_become_a_header) {
  SmtpSettings hostile = server();
  hostile.from_name = "Shop\r\nBcc: all@example.com";
  OutgoingMail mail{"ann@example.com", "Hello\r\nBcc: all@example.com\r\n\r\nbody", "text", "id"};
  const std::string message = message_of(hostile, mail, 0);
  EXPECT_EQ(message.find("Bcc"), std::string::npos);
  EXPECT_EQ(message.find("\r\n\r\n"), message.rfind("\r\n\r\n"));
  OutgoingMail umlaut{"ann@example.com", "Gr\xc3\xbc\xc3\x9f" + std::string(200, 'e'), "t", "id"};
  const std::string encoded = message_of(server(), umlaut, 0);
  EXPECT_TRUE(line_of(encoded, "Subject").starts_with("=?UTF-8?B?"));
  for (size_t at = 0, next; (next = encoded.find("\r\n", at)) != std::string::npos; at = next + 2) {
    EXPECT_LE(next - at, 90u);
  }
}

TEST(SmtpAddress, is_one_plain_address_or_refused) {
  EXPECT_TRUE(is_plain_address("ann@example.com"));
  EXPECT_TRUE(is_plain_address("\xc3\xbcmit@example.com"));
  for (const char* bad :
       {"", "ann", "@example.com", "ann@", "a@b@c", "a b@example.com", "<ann@example.com>",
        "ann@example.com\r\nRCPT TO:<eve@example.com>", "ann@example.com,eve@example.com",
        "ann@example.com>", "\"ann\"@example.com", "ann@example.com;eve"}) {
    EXPECT_FALSE(is_plain_address(bad)) << bad;
  }
}

TEST(SmtpSending, says_what_to_do_about_a_server_that_is_not_there) {
  SmtpSettings nowhere = server();
  nowhere.port = 1;
  nowhere.tls = SmtpTls::none;
  const std::atomic<bool> stop{false};
  const SmtpResult result = send_mail(nowhere, {"ann@example.com", "s", "t", "id"}, stop);
  EXPECT_EQ(result.outcome, SmtpOutcome::try_again);
  EXPECT_FALSE(result.why.empty());
  const SmtpResult bad = send_mail(nowhere, {"a\r\nb@example.com", "s", "t", "id"}, stop);
  EXPECT_EQ(bad.outcome, SmtpOutcome::refused);
}

}  // namespace
}  // namespace chatpad::http

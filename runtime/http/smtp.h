// Sending one mail to the operator's mail server: SMTP (RFC 5321) through libcurl, a message of
// RFC 5322 with a plain text in UTF-8.
//
//   SmtpResult result = send_mail(server, mail, stop);   // blocks: on a worker thread, never a
//   loop
//
// It does not queue or try again: that is the outbox's business (functions/shared/mail). What a
// mail says cannot become a header or a command: addresses with anything but an address in them are
// refused, other headers are encoded, the body travels as base64. With SmtpTls::starttls a server
// that does not offer TLS is refused, certificates are checked against the system's.
// Limits: kSmtpConnectMs, kSmtpTotalMs.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/auth_settings.h"

namespace chatpad::http {

constexpr long kSmtpConnectMs = 10'000;
constexpr long kSmtpTotalMs = 30'000;

struct OutgoingMail {
  std::string to;
  std::string subject;
  std::string text;
  std::string id;  // unique: becomes the Message-ID, so that a mail that went out twice can be told
};

enum class SmtpOutcome : uint8_t {
  sent,
  try_again,  // not reached, or refused for now (4xx)
  refused,    // for good: 5xx, or an address that is none
};
struct SmtpResult {
  SmtpOutcome outcome = SmtpOutcome::try_again;
  std::string why;  // for the operator; holds no password
};

SmtpResult send_mail(const SmtpSettings& server, const OutgoingMail& mail,
                     const std::atomic<bool>& stop);

// The message as it travels, lines ended by CRLF. `at_s`: seconds since 1970.
std::string message_of(const SmtpSettings& server, const OutgoingMail& mail, int64_t at_s);
// One address that can stand in a command and a header as it is.
bool is_plain_address(std::string_view address);

}  // namespace chatpad::http

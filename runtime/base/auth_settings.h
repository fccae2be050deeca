// AuthSettings: who may sign up and how people prove who they are. Read from the environment with
// the other settings; docs/config.md lists them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad {

// open: everybody; domain: addresses of the listed domains; invite: who was invited.
enum class SignUp : uint8_t { open, domain, invite };
std::string_view sign_up_name(SignUp policy);

enum class SmtpTls : uint8_t { starttls, tls, none };

struct SmtpSettings {
  std::string host;                   // CHATPAD_SMTP_HOST; empty: no mail is sent
  uint16_t port = 587;                // CHATPAD_SMTP_PORT
  std::string user;                   // CHATPAD_SMTP_USER; empty: without a login
  std::string password;               // CHATPAD_SMTP_PASSWORD
  std::string from;                   // CHATPAD_SMTP_FROM: an address
  std::string from_name = "ChatPad";  // CHATPAD_SMTP_FROM_NAME
  SmtpTls tls = SmtpTls::starttls;    // CHATPAD_SMTP_TLS: starttls, tls, none
  bool configured() const { return !host.empty(); }
};

struct AuthSettings {
  SignUp sign_up = SignUp::open;             // CHATPAD_SIGNUP: open, domain, invite
  std::vector<std::string> sign_up_domains;  // CHATPAD_SIGNUP_DOMAINS
  bool anonymous = true;                     // CHATPAD_SIGNUP_ANONYMOUS
  // Without a mail server nobody can confirm anything, so addresses count as confirmed.
  bool autoconfirm = true;                  // CHATPAD_AUTOCONFIRM; default: no SMTP host
  size_t password_chars_min = 6;            // CHATPAD_PASSWORD_MIN
  std::vector<std::string> password_needs;  // CHATPAD_PASSWORD_NEEDS: lower, upper, digit, symbol
  bool reauthentication = false;            // CHATPAD_REAUTHENTICATION
  bool double_email_change = true;          // CHATPAD_EMAIL_CHANGE_BOTH
  int64_t otp_expires_s = 3600;             // CHATPAD_OTP_EXPIRES_S
  int64_t mail_interval_s = 60;             // CHATPAD_MAIL_INTERVAL_S
  int64_t mails_per_hour = 30;              // CHATPAD_MAIL_PER_HOUR
  std::string site_url;                     // CHATPAD_SITE_URL; default: <public url>/admin/
  std::vector<std::string> redirect_urls;   // CHATPAD_REDIRECT_URLS
  SmtpSettings smtp;
};

Result<AuthSettings> auth_from_environment();

}  // namespace chatpad

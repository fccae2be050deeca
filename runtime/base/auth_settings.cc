#include "runtime/base/auth_settings.h"

#include <algorithm>
#include <array>

#include "runtime/base/environment.h"

namespace chatpad {
namespace {

using environment::flag;
using environment::list;
using environment::number;
using environment::text;

constexpr std::array<std::string_view, 3> kSignUpNames = {"open", "domain", "invite"};
constexpr std::array<std::string_view, 3> kTlsNames = {"starttls", "tls", "none"};
constexpr std::array<std::string_view, 4> kNeeds = {"lower", "upper", "digit", "symbol"};

// Which of the names the variable holds; the fallback when unset.
template <size_t N>
Result<size_t> one_of(const char* variable, const std::array<std::string_view, N>& names,
                      size_t fallback) {
  const std::string value = text(variable, std::string(names[fallback]));
  const auto found = std::find(names.begin(), names.end(), value);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  std::string sentence = std::string(variable) + " must be ";
  for (size_t i = 0; i < N; ++i) {
    sentence += i == 0 ? "" : i + 1 == N ? " or " : ", ";
    sentence += names[i];
  }
  return Error(Errc::validation_failed, PublicText(sentence + "."));
}

Error refused(std::string sentence) {
  return Error(Errc::validation_failed, PublicText(std::move(sentence)));
}

bool has_line_break(const std::string& value) {
  return value.find_first_of("\r\n") != std::string::npos;
}

Result<SmtpSettings> smtp_from_environment() {
  SmtpSettings smtp;
  smtp.host = text("CHATPAD_SMTP_HOST", "");
  smtp.user = text("CHATPAD_SMTP_USER", "");
  smtp.password = text("CHATPAD_SMTP_PASSWORD", "");
  smtp.from = text("CHATPAD_SMTP_FROM", "");
  smtp.from_name = text("CHATPAD_SMTP_FROM_NAME", smtp.from_name);
  const auto tls = one_of("CHATPAD_SMTP_TLS", kTlsNames, 0);
  if (!tls) return tls.error();
  smtp.tls = static_cast<SmtpTls>(*tls);
  const uint16_t usual = smtp.tls == SmtpTls::tls ? 465 : 587;
  const auto port = number<uint16_t>("CHATPAD_SMTP_PORT", usual, 1, 65535);
  if (!port) return port.error();
  smtp.port = *port;
  if (!smtp.configured()) return smtp;
  const bool host_odd = smtp.host.find_first_of("/:@?# \r\n\t") != std::string::npos;
  if (host_odd) return refused("CHATPAD_SMTP_HOST must be a name or an IPv4 address.");
  if (smtp.from.find('@') == std::string::npos ||
      smtp.from.find_first_of("<> \r\n\t") != std::string::npos) {
    return refused("CHATPAD_SMTP_FROM must be an address, such as chat@example.com.");
  }
  const bool local = smtp.host == "localhost" || smtp.host.starts_with("127.");
  if (smtp.tls == SmtpTls::none && !smtp.user.empty() && !local) {
    return refused(
        "CHATPAD_SMTP_TLS=none would send the password of CHATPAD_SMTP_USER in clear; only a "
        "server "
        "on this machine may have that.");
  }
  if (has_line_break(smtp.from_name) || has_line_break(smtp.user) ||
      has_line_break(smtp.password)) {
    return refused("CHATPAD_SMTP_* must not hold line breaks.");
  }
  return smtp;
}

Result<void> read_passwords(AuthSettings& auth) {
  const auto least = number<size_t>("CHATPAD_PASSWORD_MIN", auth.password_chars_min, 6, 72);
  if (!least) return least.error();
  auth.password_chars_min = *least;
  auth.password_needs = list(text("CHATPAD_PASSWORD_NEEDS", ""));
  for (const std::string& need : auth.password_needs) {
    if (std::find(kNeeds.begin(), kNeeds.end(), need) == kNeeds.end()) {
      return refused("CHATPAD_PASSWORD_NEEDS lists lower, upper, digit and symbol.");
    }
  }
  return {};
}

Result<void> read_mail_rates(AuthSettings& auth) {
  const std::pair<Result<int64_t>, int64_t*> numbers[] = {
      {number<int64_t>("CHATPAD_OTP_EXPIRES_S", auth.otp_expires_s, 1, 86'400),
       &auth.otp_expires_s},
      {number<int64_t>("CHATPAD_MAIL_INTERVAL_S", auth.mail_interval_s, 0, 86'400),
       &auth.mail_interval_s},
      {number<int64_t>("CHATPAD_MAIL_PER_HOUR", auth.mails_per_hour, 1, 1'000'000),
       &auth.mails_per_hour}};
  for (const auto& [read, value] : numbers) {
    if (!read) return read.error();
    *value = *read;
  }
  return {};
}

Result<void> read_flags(AuthSettings& auth) {
  const std::pair<Result<bool>, bool*> flags[] = {
      {flag("CHATPAD_SIGNUP_ANONYMOUS", true), &auth.anonymous},
      {flag("CHATPAD_AUTOCONFIRM", !auth.smtp.configured()), &auth.autoconfirm},
      {flag("CHATPAD_REAUTHENTICATION", false), &auth.reauthentication},
      {flag("CHATPAD_EMAIL_CHANGE_BOTH", true), &auth.double_email_change}};
  for (const auto& [read, value] : flags) {
    if (!read) return read.error();
    *value = *read;
  }
  return {};
}

}  // namespace

std::string_view sign_up_name(SignUp policy) { return kSignUpNames[static_cast<size_t>(policy)]; }

Result<AuthSettings> auth_from_environment() {
  AuthSettings auth;
  const auto smtp = smtp_from_environment();
  if (!smtp) return smtp.error();
  auth.smtp = *smtp;
  const auto policy = one_of("CHATPAD_SIGNUP", kSignUpNames, 0);
  if (!policy) return policy.error();
  auth.sign_up = static_cast<SignUp>(*policy);
  auth.sign_up_domains = list(text("CHATPAD_SIGNUP_DOMAINS", ""));
  for (std::string& domain : auth.sign_up_domains) {
    std::transform(domain.begin(), domain.end(), domain.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  }
  if (auth.sign_up == SignUp::domain && auth.sign_up_domains.empty()) {
    return refused("CHATPAD_SIGNUP=domain needs CHATPAD_SIGNUP_DOMAINS.");
  }
  auth.site_url = text("CHATPAD_SITE_URL", "");
  auth.redirect_urls = list(text("CHATPAD_REDIRECT_URLS", ""));
  for (const Result<void>& read : {read_flags(auth), read_passwords(auth), read_mail_rates(auth)}) {
    if (!read) return read.error();
  }
  return auth;
}

}  // namespace chatpad

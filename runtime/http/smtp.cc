#include "runtime/http/smtp.h"

#include <curl/curl.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "runtime/base/clock.h"
#include "runtime/base/environment.h"
#include "runtime/wire/crypto.h"

namespace chatpad::http {
namespace {

constexpr size_t kBase64LineChars = 76;   // RFC 2045, 6.8
constexpr size_t kEncodedWordBytes = 45;  // 60 base64 characters: under the 75 of RFC 2047, 2

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

// Where a piece of at most `most` bytes ends without cutting a character in two.
size_t piece_end(std::string_view text, size_t most) {
  if (text.size() <= most) return text.size();
  size_t end = most;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return end == 0 ? most : end;
}

// RFC 2047: anything but plain words as base64, so that no line break survives.
std::string header_text(std::string_view text) {
  if (is_printable_ascii(text) && text.find("=?") == std::string_view::npos && text.size() < 60) {
    return std::string(text);
  }
  std::string out;
  while (!text.empty()) {
    const size_t end = piece_end(text, kEncodedWordBytes);
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + wire::base64_encode(text.substr(0, end)) + "?=";
    text.remove_prefix(end);
  }
  return out;
}

// A display name: quoted when it is plain, else encoded.
std::string phrase(std::string_view name) {
  const bool plain = is_printable_ascii(name) && name.find_first_of("\"\\") == std::string::npos &&
                     name.find("=?") == std::string_view::npos && name.size() < 60;
  return plain ? '"' + std::string(name) + '"' : header_text(name);
}

std::string date_text(int64_t at_s) {
  const auto at = static_cast<std::time_t>(at_s);
  std::tm parts{};
  gmtime_r(&at, &parts);
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d +0000", kDays[parts.tm_wday],
                parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
  return text;
}

struct Upload {
  std::string_view left;
};

size_t read_message(char* into, size_t size, size_t count, void* data) {
  auto* upload = static_cast<Upload*>(data);
  const size_t taken = std::min(size * count, upload->left.size());
  upload->left.copy(into, taken);
  upload->left.remove_prefix(taken);
  return taken;
}

int on_progress(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(data)->load() ? 1 : 0;
}

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void set_server(CURL* curl, const SmtpSettings& server) {
  const std::string scheme = server.tls == SmtpTls::tls ? "smtps://" : "smtp://";
  const std::string url = scheme + server.host + ':' + std::to_string(server.port);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kSmtpConnectMs);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, kSmtpTotalMs);
  if (server.tls != SmtpTls::none) curl_easy_setopt(curl, CURLOPT_USE_SSL, CURLUSESSL_ALL);
  // As OpenSSL itself reads it: a mail server of one's own has a certificate of one's own.
  const std::string vouching = environment::text("SSL_CERT_FILE", "");
  if (!vouching.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, vouching.c_str());
  if (server.user.empty()) return;
  curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.c_str());
}

SmtpResult result_of(CURLcode code, long reply, const char* said) {
  if (code == CURLE_OK) return {SmtpOutcome::sent, ""};
  std::string why = *said ? said : curl_easy_strerror(code);
  if (reply >= 400) why += " (" + std::to_string(reply) + ")";
  // A login that is refused is the operator's to mend; the mail waits for it.
  const bool for_good = reply >= 500 && code != CURLE_LOGIN_DENIED;
  return {for_good ? SmtpOutcome::refused : SmtpOutcome::try_again, std::move(why)};
}

}  // namespace

bool is_plain_address(std::string_view address) {
  const size_t at = address.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size()) return false;
  if (address.find('@', at + 1) != std::string_view::npos || address.size() > 320) return false;
  return std::all_of(address.begin(), address.end(), [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte > ' ' && byte != 0x7f &&
           std::string_view("<>()[]\\,;:\"").find(c) == std::string_view::npos;
  });
}

std::string message_of(const SmtpSettings& server, const OutgoingMail& mail, int64_t at_s) {
  const std::string host = server.from.substr(server.from.find('@') + 1);
  std::string out = "From: " + phrase(server.from_name) + " <" + server.from + ">\r\n";
  out += "To: <" + mail.to + ">\r\n";
  out += "Subject: " + header_text(mail.subject) + "\r\n";
  out += "Date: " + date_text(at_s) + "\r\n";
  out += "Message-ID: <" + mail.id + "@" + host + ">\r\n";
  out += "Auto-Submitted: auto-generated\r\n";
  out += "MIME-Version: 1.0\r\n";
  out += "Content-Type: text/plain; charset=utf-8\r\n";
  out += "Content-Transfer-Encoding: base64\r\n\r\n";
  const std::string body = wire::base64_encode(mail.text);
  for (size_t at = 0; at < body.size(); at += kBase64LineChars) {
    out += body.substr(at, kBase64LineChars) + "\r\n";
  }
  return out;
}

SmtpResult send_mail(const SmtpSettings& server, const OutgoingMail& mail,
                     const std::atomic<bool>& stop) {
  if (!is_plain_address(mail.to)) return {SmtpOutcome::refused, "no address to write to"};
  const std::unique_ptr<CURL, FreeCurl> curl(curl_easy_init());
  const std::unique_ptr<curl_slist, FreeCurl> to(
      curl_slist_append(nullptr, ('<' + mail.to + '>').c_str()));
  if (!curl || !to) return {SmtpOutcome::try_again, "out of memory"};
  const std::string message = message_of(server, mail, wall_s());
  Upload upload{message};
  char said[CURL_ERROR_SIZE] = "";
  set_server(curl.get(), server);
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, ('<' + server.from + '>').c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, to.get());
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, read_message);
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &upload);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, said);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&stop));
  const CURLcode code = curl_easy_perform(curl.get());
  long reply = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &reply);
  return result_of(code, reply, said);
}

}  // namespace chatpad::http

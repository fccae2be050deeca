#include "functions/shared/knowledge/side_service.h"

#include "runtime/http/safe_fetch.h"

namespace chatpad::functions {

http::ClientOptions side_client(const ServiceSettings& settings) {
  http::ClientOptions options;
  options.transfers_max = kSideTransfersMax;
  if (!settings.allow_private) {
    options.address_allowed = [rules = http::AddressRules()](const sockaddr& address) {
      return rules.allows(address);
    };
  }
  return options;
}

http::ClientRequest side_request(const ServiceSettings& settings, const char* path,
                                 uint64_t total_ms) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = settings.url + path;
  request.headers.emplace_back("Content-Type: application/json");
  if (!settings.key.empty()) request.headers.push_back("Authorization: Bearer " + settings.key);
  request.connect_ms = kSideConnectMs;
  request.total_ms = total_ms;
  return request;
}

void shorten(std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
}

bool is_about_texts(int status) { return status == 400 || status == 413 || status == 422; }

}  // namespace chatpad::functions

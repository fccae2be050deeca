#include "functions/shared/knowledge/side_service.h"

#include <utility>

#include "runtime/http/safe_fetch.h"

namespace chatpad::functions {
namespace {

// Only public addresses, unless the settings allow others.
http::ClientOptions options_of(const ServiceSettings& settings) {
  http::ClientOptions options;
  options.transfers_max = kSideTransfersMax;
  if (!settings.allow_private) {
    options.address_allowed = [rules = http::AddressRules()](const sockaddr& address) {
      return rules.allows(address);
    };
  }
  return options;
}

}  // namespace

SideService::SideService(edge::Context& context, const ServiceSettings& settings,
                         std::string secret)
    : context_(context),
      settings_(settings),
      secret_(std::move(secret)),
      client_(context.loop(), options_of(settings)),
      server_breaker_(std::make_shared<ai::Breaker>()) {}

std::shared_ptr<ai::Breaker> SideService::breaker_of(const std::string& account_id) {
  const auto found = breakers_.find(account_id);
  if (found != breakers_.end()) return found->second;
  // What is forgotten begins anew, as after a start.
  if (breakers_.size() >= kSideBreakersMax) breakers_.clear();
  return breakers_[account_id] = std::make_shared<ai::Breaker>();
}

Task<SideAccess> SideService::access(KeyOwner owner) {
  SideAccess access;
  std::optional<std::string> own = co_await own_key(&context_, owner, secret_);
  access.breaker = own ? breaker_of(owner.account_id) : server_breaker_;
  access.key = own ? std::move(*own) : settings_.key;
  co_return access;
}

Task<http::Response> SideService::post(const SideAccess* access, const char* path, std::string body,
                                       SideLimits limits) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = settings_.url + path;
  request.headers.emplace_back("Content-Type: application/json");
  if (!access->key.empty()) request.headers.push_back("Authorization: Bearer " + access->key);
  request.connect_ms = kSideConnectMs;
  request.total_ms = limits.total_ms;
  request.response_bytes_max = limits.answer_bytes_max;
  request.body = std::move(body);
  http::Response response = co_await http::fetch(client_, std::move(request));
  co_return response;
}

void shorten(std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
}

bool is_about_texts(int status) { return status == 400 || status == 413 || status == 422; }

}  // namespace chatpad::functions

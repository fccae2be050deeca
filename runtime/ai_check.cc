#include "runtime/ai_check.h"

#include <netdb.h>

#include <memory>
#include <string>
#include <tuple>

#include "runtime/http/safe_fetch.h"

namespace chatpad {
namespace {

// The host of http://host[:port]/..., brackets of IPv6 removed.
std::string host_of(const std::string& url) {
  const size_t from = url.find("://") + 3;
  if (url[from] == '[') return url.substr(from + 1, url.find(']', from) - from - 1);
  return url.substr(from, url.find_first_of(":/?", from) - from);
}

bool is_private(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  const http::AddressRules rules;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    if (rules.allows(*at->ai_addr)) return false;
  }
  return true;
}

}  // namespace

Result<void> check_ai_addresses(const AiSettings& settings) {
  if (settings.allow_private) return {};
  const AiSettings usual;
  const std::tuple<const char*, const std::string&, bool> services[] = {
      {"CHATPAD_AI_BASE_URL", settings.base_url, !settings.base_url.empty()},
      {"OPENAI_BASE_URL", settings.openai_url, settings.openai_url != usual.openai_url},
      {"ANTHROPIC_BASE_URL", settings.anthropic_url,
       settings.anthropic_url != usual.anthropic_url}};
  for (const auto& [name, url, is_set] : services) {
    if (!is_set || !is_private(host_of(url))) continue;
    return Error(Errc::validation_failed,
                 PublicText(std::string(name) +
                            " leads to an address of a private network. If the language model runs "
                            "there, set CHATPAD_AI_ALLOW_PRIVATE=1."));
  }
  return {};
}

}  // namespace chatpad

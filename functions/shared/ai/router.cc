#include "functions/shared/ai/router.h"

#include <algorithm>
#include <limits>

#include "functions/shared/ai/prices.h"

namespace chatpad::functions::ai {
namespace {

enum class Reach { public_only, anywhere };

http::ClientOptions options_of(Reach reach) {
  http::ClientOptions options;
  options.transfers_max = kModelTransfersMax;
  options.connections_max = static_cast<long>(kModelTransfersMax);
  options.connections_per_host_max = static_cast<long>(kModelTransfersMax);
  if (reach == Reach::public_only) {
    options.address_allowed = [rules = http::AddressRules()](const sockaddr& address) {
      return rules.allows(address);
    };
  }
  return options;
}

std::string_view server_key(const AiSettings& settings, std::string_view provider) {
  if (provider == "openai") return settings.openai_key;
  if (provider == "anthropic") return settings.anthropic_key;
  if (provider == "gateway") return settings.api_key;
  return {};
}

std::string_view base_url(const AiSettings& settings, const ChainEntry& entry) {
  if (entry.provider == "openai") return settings.openai_url;
  if (entry.provider == "anthropic") return settings.anthropic_url;
  if (entry.provider == "gateway") return settings.base_url;
  return entry.base_url;
}

Dialect dialect_of(std::string_view provider, std::string_view url) {
  if (provider == "openai") return Dialect::openai;
  if (provider == "anthropic") return Dialect::anthropic;
  return dialect_of_gateway(url);
}

double price_rank(const AiSettings& settings, const ChainEntry& entry) {
  if (entry.provider == "builtin") return std::numeric_limits<double>::max();
  const auto price = price_of(settings, entry.model);
  return price ? price->input + price->output : std::numeric_limits<double>::max() / 2;
}

}  // namespace

Router::Router(edge::Context& context)
    : context_(context),
      own_(context.loop(),
           options_of(context.config().ai.allow_private ? Reach::anywhere : Reach::public_only)),
      foreign_(context.loop(), options_of(Reach::public_only)) {}

std::shared_ptr<Service> Router::service(const std::string& name) {
  const auto found = services_.find(name);
  if (found != services_.end()) return found->second;
  // What is forgotten begins anew, as after a start.
  if (services_.size() >= kServicesMax) services_.clear();
  return services_[name] = std::make_shared<Service>();
}

// One account's bad key or full quota is not another's.
std::string Router::service_name(const ChainEntry& entry, const std::string& account_id) const {
  std::string name(base_url(settings(), entry));
  name.append("\n").append(entry.provider).append("\n").append(entry.model);
  return name.append("\n").append(account_id);
}

std::vector<ChainEntry> Router::order(const Prompt& prompt) {
  std::vector<ChainEntry> chain = chain_of(prompt.settings, settings());
  if (chain.size() < 2 || prompt.settings.routing == Routing::order) return chain;
  std::vector<std::pair<double, ChainEntry>> ranked;
  for (ChainEntry& entry : chain) {
    double rank = 0;
    if (prompt.settings.routing == Routing::cost) {
      rank = price_rank(settings(), entry);
    } else if (entry.provider == "builtin") {
      rank = std::numeric_limits<double>::max();
    } else {
      rank = service(service_name(entry, prompt.account_id))->first_token_ms;
    }
    ranked.emplace_back(rank, std::move(entry));
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  chain.clear();
  for (auto& [rank, entry] : ranked) chain.push_back(std::move(entry));
  return chain;
}

http::Client& Router::client_of(const ChainEntry& entry) {
  return entry.provider == "custom" ? foreign_ : own_;
}

Task<Target> Router::target(KeyOwner owner, ChainEntry entry) {
  Target target;
  target.provider = entry.provider;
  target.model = entry.model;
  if (entry.provider == "builtin") co_return target;
  target.service = service(service_name(entry, owner.account_id));
  std::string url(base_url(settings(), entry));
  if (url.empty()) {
    target.refusal = "the server has no " + entry.provider;
    co_return target;
  }
  if (entry.provider == "custom") {
    const Result<std::string> checked = http::check_fetch_url(url);
    if (!checked) target.refusal = checked.error().message.value;
    // A manager chose where this goes; what admins keep for others does not go there.
    if (!entry.secret.empty() && !entry.secret.starts_with("custom.")) {
      target.refusal = "the key of a custom service is a secret called custom.*";
    }
    target.turn = turns_.take(owner.account_id);
    if (!target.turn) target.refusal = "too many answers of this account wait for custom services";
    if (!target.refusal.empty()) co_return target;
  }
  std::string name = entry.secret.empty() ? entry.provider + ".api_key" : entry.secret;
  const std::optional<std::string> own =
      co_await own_key(&context_, std::move(owner), std::move(name));
  const std::string key = own ? *own : std::string(server_key(settings(), entry.provider));
  if (key.empty() && (entry.provider == "openai" || entry.provider == "anthropic")) {
    target.refusal = "there is no key for " + entry.provider;
  }
  if (key.find_first_of("\r\n") != std::string::npos) target.refusal = "the key has line breaks";
  target.dialect = dialect_of(entry.provider, url);
  target.url = url_of(url, target.dialect);
  target.headers = headers_of(key, target.dialect);
  target.sampling.temperature = entry.temperature;
  target.sampling.top_p = entry.top_p;
  target.sampling.tokens_max = entry.tokens_max.value_or(0);
  target.client = &client_of(entry);
  co_return target;
}

}  // namespace chatpad::functions::ai

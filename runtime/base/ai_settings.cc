#include "runtime/base/ai_settings.h"

#include <charconv>
#include <string_view>

#include "runtime/base/environment.h"

namespace chatpad {
namespace {

using environment::number;
using environment::text;

Error refused(std::string sentence) {
  return Error(Errc::validation_failed, PublicText(std::move(sentence)));
}

bool is_url(std::string_view url) {
  const bool web = url.starts_with("http://") || url.starts_with("https://");
  return web && url.find_first_of(" \t\r\n#@") == std::string_view::npos;
}

std::string url_text(const char* name, std::string fallback) {
  std::string url = text(name, std::move(fallback));
  while (url.ends_with('/')) url.pop_back();
  return url;
}

bool read_dollars(std::string_view text, double& value) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 1e6;
}

Result<std::map<std::string, ModelPrice>> prices_from_environment() {
  std::map<std::string, ModelPrice> prices;
  for (const std::string& item : environment::list(text("CHATPAD_AI_PRICES", ""))) {
    const size_t equals = item.rfind('=');
    const size_t slash = item.find('/', equals == std::string::npos ? item.size() : equals);
    ModelPrice price;
    const std::string_view view(item);
    if (equals == std::string::npos || equals == 0 || slash == std::string::npos ||
        !read_dollars(view.substr(equals + 1, slash - equals - 1), price.input) ||
        !read_dollars(view.substr(slash + 1), price.output)) {
      return refused(
          "CHATPAD_AI_PRICES must be model=input/output in US dollars for a million tokens, comma "
          "separated, like gpt-4o-mini=0.15/0.60.");
    }
    prices[item.substr(0, equals)] = price;
  }
  return prices;
}

Result<void> check(const AiSettings& ai) {
  const std::pair<const char*, const std::string*> urls[] = {
      {"OPENAI_BASE_URL", &ai.openai_url}, {"ANTHROPIC_BASE_URL", &ai.anthropic_url}};
  for (const auto& [name, url] : urls) {
    if (!is_url(*url)) {
      return refused(std::string(name) +
                     " must be an address that begins with http:// or https://.");
    }
  }
  if (!ai.base_url.empty() && !is_url(ai.base_url)) {
    return refused("CHATPAD_AI_BASE_URL must be an address that begins with http:// or https://.");
  }
  if (!ai.base_url.empty() && ai.model.empty()) {
    return refused("CHATPAD_AI_BASE_URL needs CHATPAD_AI_MODEL: what to ask the service for.");
  }
  for (const std::string* key : {&ai.api_key, &ai.openai_key, &ai.anthropic_key}) {
    if (key->find_first_of(" \t\r\n") != std::string::npos) {
      return refused("A key of an AI service must not hold blanks or line breaks.");
    }
  }
  return {};
}

}  // namespace

Result<AiSettings> ai_from_environment() {
  AiSettings ai;
  ai.base_url = url_text("CHATPAD_AI_BASE_URL", "");
  ai.api_key = text("CHATPAD_AI_API_KEY", "");
  ai.model = text("CHATPAD_AI_MODEL", "");
  ai.openai_url = url_text("OPENAI_BASE_URL", ai.openai_url);
  ai.openai_key = text("OPENAI_API_KEY", "");
  ai.anthropic_url = url_text("ANTHROPIC_BASE_URL", ai.anthropic_url);
  ai.anthropic_key = text("ANTHROPIC_API_KEY", "");
  const auto allow = number<int>("CHATPAD_AI_ALLOW_PRIVATE", 0, 0, 1);
  if (!allow) return allow.error();
  ai.allow_private = *allow == 1;
  const auto idle = number<uint64_t>("CHATPAD_AI_IDLE_MS", ai.idle_ms, 100, 110'000);
  if (!idle) return idle.error();
  ai.idle_ms = *idle;
  const auto total = number<uint64_t>("CHATPAD_AI_TOTAL_MS", ai.total_ms, 100, 110'000);
  if (!total) return total.error();
  ai.total_ms = *total;
  const auto retries = number<int>("CHATPAD_AI_RETRIES", ai.retries, 0, 5);
  if (!retries) return retries.error();
  ai.retries = *retries;
  auto prices = prices_from_environment();
  if (!prices) return prices.error();
  ai.prices = std::move(*prices);
  const Result<void> checked = check(ai);
  if (!checked) return checked.error();
  return ai;
}

}  // namespace chatpad

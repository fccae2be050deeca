#include "functions/shared/ai/agent_settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace chatpad::functions::ai {
namespace {

constexpr std::string_view kOpenAiModel = "gpt-4o-mini";
constexpr std::string_view kAnthropicModel = "claude-haiku-4-5";

const wire::Json* member(const wire::Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text_of(const wire::Json& object, const char* name) {
  const wire::Json* value = member(object, name);
  return value && value->is_string() ? value->get<std::string>() : "";
}

std::optional<double> number_of(const wire::Json& object, const char* name) {
  const wire::Json* value = member(object, name);
  if (!value || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

void read_tokens(const wire::Json& object, const char* name, int64_t least, int64_t& into) {
  const auto value = number_of(object, name);
  if (value) into = static_cast<int64_t>(std::clamp(*value, static_cast<double>(least), 1e6));
}

ChainEntry entry_of(const wire::Json& object) {
  ChainEntry entry;
  entry.provider = text_of(object, "provider");
  entry.model = text_of(object, "model");
  entry.base_url = text_of(object, "baseUrl");
  entry.secret = text_of(object, "secret");
  entry.temperature = number_of(object, "temperature");
  entry.top_p = number_of(object, "topP");
  if (const auto most = number_of(object, "maxTokens")) {
    entry.tokens_max = static_cast<int64_t>(std::clamp(*most, 1.0, 1e6));
  }
  return entry;
}

ChainEntry of_server(std::string_view provider, std::string_view model) {
  ChainEntry entry;
  entry.provider = provider;
  entry.model = model;
  return entry;
}

std::string_view own_or(const std::string& own, std::string_view usual) {
  return own.empty() ? usual : std::string_view(own);
}

}  // namespace

AgentSettings agent_settings(std::string_view model, const wire::Json& ai) {
  AgentSettings settings;
  if (!model.empty()) settings.model = model;
  const wire::Json* chain = member(ai, "chain");
  if (chain && chain->is_array()) {
    for (const wire::Json& one : *chain) {
      if (settings.chain.size() == kChainMax) break;
      if (one.is_object()) settings.chain.push_back(entry_of(one));
    }
  }
  const std::string routing = text_of(ai, "routing");
  if (routing == "cost") settings.routing = Routing::cost;
  if (routing == "latency") settings.routing = Routing::latency;
  if (const wire::Json* context = member(ai, "context")) {
    read_tokens(*context, "window", 1'000, settings.context.window);
    read_tokens(*context, "knowledge", 0, settings.context.knowledge);
    read_tokens(*context, "history", 0, settings.context.history);
    read_tokens(*context, "answer", 16, settings.context.answer);
    read_tokens(*context, "summaryAfter", 1, settings.context.summary_after);
  }
  const wire::Json* tools = member(ai, "tools");
  if (tools && tools->is_array()) {
    for (const wire::Json& one : *tools) {
      if (settings.tools.size() == kToolsMax) break;
      if (one.is_string()) settings.tools.push_back(one.get<std::string>());
    }
  }
  return settings;
}

std::vector<ChainEntry> chain_of(const AgentSettings& agent, const AiSettings& server) {
  if (!agent.chain.empty()) return agent.chain;
  if (agent.model == "builtin") return {of_server("builtin", "")};
  const bool any = agent.model == "auto";
  const std::string wanted = any ? server.model : agent.model;
  if (!server.base_url.empty()) return {of_server("gateway", own_or(wanted, server.model))};
  if (!server.openai_key.empty()) return {of_server("openai", own_or(wanted, kOpenAiModel))};
  if (!server.anthropic_key.empty()) {
    return {of_server("anthropic", own_or(wanted, kAnthropicModel))};
  }
  return {of_server("builtin", "")};
}

}  // namespace chatpad::functions::ai

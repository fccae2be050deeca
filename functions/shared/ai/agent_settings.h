// AgentSettings: how one agent is answered for: `agents.model` and `agents.ai`, read.
//
// SQL has checked the shape when it was stored (private.check_agent_ai); what is of another shape
// here is left out. docs/models.md describes every member. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/ai/model_request.h"
#include "runtime/base/ai_settings.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::ai {

constexpr size_t kChainMax = 5;
constexpr size_t kToolsMax = 10;

enum class Routing : uint8_t { order, cost, latency };

// One entry of a chain, as it is written in the agent's settings.
struct ChainEntry {
  std::string provider;  // openai, anthropic, gateway, custom, builtin
  std::string model;
  std::string base_url;  // custom only
  std::string secret;    // name of the account's secret; empty: the provider's usual one
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int64_t> tokens_max;
};

// In estimated tokens. What is left of `window` after answer and prompt is shared by the other two.
struct ContextSplit {
  int64_t window = 16'000;
  int64_t knowledge = 4'000;
  int64_t history = 4'000;
  int64_t answer = 1'024;
  int64_t summary_after = 12;  // turns that are kept word by word before older ones are summed up
};

struct AgentSettings {
  std::vector<ChainEntry> chain;  // empty: what `model` says
  std::string model = "auto";     // auto, builtin, or a model of the server's own service
  Routing routing = Routing::order;
  ContextSplit context;
  std::vector<std::string> tools;  // that the model may call (tools.h); empty: none
};

AgentSettings agent_settings(std::string_view model, const wire::Json& ai);

// The chain of the agent, never empty: its own, or what the server has. "auto" is the server's
// gateway, else OpenAI, else Anthropic, else the built-in answers.
std::vector<ChainEntry> chain_of(const AgentSettings& agent, const AiSettings& server);

}  // namespace chatpad::functions::ai

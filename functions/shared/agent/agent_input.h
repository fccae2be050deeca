// An agent's settings as people send them, each field checked, as the jsonb parameter of
// api.create_agent and api.update_agent. Fields that were not sent are not in it.
//
// Raises validation_failed naming the field. What a field means stands in docs/api/agents.md.
#pragma once

#include <string>

#include "runtime/wire/fields.h"

namespace chatpad::functions {

constexpr size_t kAgentNameCharsMax = 200;
constexpr size_t kAgentTextCharsMax = 4000;
constexpr size_t kInstructionCharsMax = 20'000;
constexpr size_t kAllowedOriginsMax = 50;
constexpr size_t kAgentAiBytesMax = 32 * 1024;

struct AgentInput {
  std::string json;
  static AgentInput read(const wire::Fields& fields);
};

}  // namespace chatpad::functions

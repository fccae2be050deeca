// The public configuration of an agent, as the chatbot-widget API words it.
#pragma once

#include <string>

#include "runtime/edge/call.h"

namespace chatpad::functions {

// {id, name, personalitySettings, operatingHours, uiSettings, features}. Raises not_found and
// origin_not_allowed like get-widget-config.
Task<std::string> chat_config(edge::Call call, Uuid agent_id);

}  // namespace chatpad::functions

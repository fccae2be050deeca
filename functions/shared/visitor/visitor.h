// What a visitor is handed with the widget's configuration.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/edge/call.h"

namespace chatpad::functions {

// {"id","token","expiresAt","conversationId"?}: a token for this visitor, agent and origin, valid
// for edge::kVisitorTokenS seconds. Asking for the configuration again with the id renews it.
std::string visitor_json(const edge::Call& call, const Uuid& visitor, const Uuid& agent,
                         const Uuid& account, std::string_view origin,
                         const std::optional<Uuid>& conversation);

}  // namespace chatpad::functions

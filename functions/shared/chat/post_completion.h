// A completion's message, posted: what POST /v1/chat/completions and WS /v1/chat/stream do alike
// before the answer is told in the one format or the other.
#pragma once

#include <optional>
#include <string>

#include "functions/shared/chat/completion_request.h"
#include "functions/shared/conversation/posted_message.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

// Finds the agent and commits the message. The request's instructions, history and question are
// moved out of it. Raises validation_failed, not_found and what api.post_visitor_message raises.
Task<PostedMessage> post_completion(edge::Call call, CompletionRequest* request,
                                    std::optional<std::string> client_message_id);

}  // namespace chatpad::functions

// The answer of widget-chat as the chatbot-widget API words it.
#pragma once

#include <string>

#include "runtime/edge/call.h"

namespace chatpad::functions {

// {response, sessionId, leadCaptured, conversationMetrics}, and debugInfo in a session of an API
// key that asked for it. `response` is empty while a person is in charge.
Task<std::string> session_reply(edge::Call call, Uuid session_id, std::string chat_body);

}  // namespace chatpad::functions

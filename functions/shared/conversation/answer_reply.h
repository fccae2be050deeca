// How a running answer becomes the reply of widget-chat.
#pragma once

#include "functions/shared/conversation/posted_message.h"
#include "runtime/edge/call.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

// An answer that another loop or program is writing is looked for this often, so many times.
constexpr uint64_t kElsewherePollMs = 250;
constexpr int kElsewherePolls = 400;
constexpr std::string_view kSseContentType = "text/event-stream";

// Waits for the whole answer: 200 {conversationId, userMessage, reply | null, status}.
Task<edge::Reply> whole_answer(edge::Call call, PostedMessage posted);

// Server-sent events token, citation, done, error as they happen; every event has an id and repeats
// its type in the data.
Task<edge::Reply> stream_answer(edge::Call call, PostedMessage posted);

}  // namespace chatpad::functions

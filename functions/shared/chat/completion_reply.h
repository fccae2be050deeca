// An answer in the formats of POST /v1/chat/completions: OpenAI's chat.completion, or its chunks as
// a stream that ends with [DONE]. Beside what OpenAI has, the answer says its `conversation_id`,
// and the message has `citations` (the objects of docs/api/functions.md).
#pragma once

#include <string>

#include "functions/shared/conversation/posted_message.h"
#include "runtime/edge/call.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

enum class UsageChunk : uint8_t { no, yes };

// `model` is what the answer calls itself: as the client named it.
Task<edge::Reply> whole_completion(edge::Call call, PostedMessage posted, std::string model);
Task<edge::Reply> stream_completion(edge::Call call, PostedMessage posted, std::string model,
                                    UsageChunk usage);

}  // namespace chatpad::functions

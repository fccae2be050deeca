// The answer of api.post_visitor_message, read into what the answering needs.
#pragma once

#include <string>

#include "functions/shared/ai/answers.h"
#include "runtime/base/error.h"

namespace chatpad::functions {

enum class ReplyState : uint8_t { none, running, complete };

struct PostedMessage {
  std::string conversation_id;
  std::string status;
  std::string user_message_json;
  std::string reply_json = "null";  // when the message had been answered before (a retry)
  ReplyState reply_state = ReplyState::none;
  bool lead_captured = false;  // the conversation has a lead
  ai::Assignment assignment;
};

enum class LeadCaptured : uint8_t { no, yes };
inline LeadCaptured captured(bool yes) { return yes ? LeadCaptured::yes : LeadCaptured::no; }

// Errc::internal when the document is not of the agreed shape.
Result<PostedMessage> read_posted_message(std::string_view json, std::string question);

// The body of widget-chat: {conversationId, userMessage, reply, status, leadCaptured}.
std::string chat_body(const PostedMessage& posted, std::string_view reply_json,
                      std::string_view status, LeadCaptured lead);

}  // namespace chatpad::functions

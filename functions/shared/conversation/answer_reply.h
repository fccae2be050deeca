// How a running answer becomes the reply of widget-chat, and how a stream that broke goes on.
#pragma once

#include <optional>

#include "functions/shared/ai/run.h"
#include "functions/shared/conversation/posted_message.h"
#include "runtime/edge/call.h"
#include "runtime/edge/reply.h"

namespace chatpad::functions {

// An answer that another loop or program is writing is looked for this often, so many times.
constexpr uint64_t kElsewherePollMs = 250;
constexpr int kElsewherePolls = 400;
constexpr std::string_view kSseContentType = "text/event-stream";

// Where a stream goes on, of its Last-Event-ID; empty: from the beginning. Raises validation_failed
// when that is no event's id, or `can_return` is false (the message has no clientMessageId).
// Endpoints ask before they store the message.
std::optional<ai::Position> resume_position(std::string_view id, bool can_return);

// The run that answers the message: the one under way on this loop, or a new one. Empty when nobody
// is to answer (a person has taken over) or the answer exists already, or elsewhere.
std::shared_ptr<ai::Run> run_for(edge::Call& call, PostedMessage& posted);

// The same, after waiting while another loop or program writes the answer: without a run
// posted->reply_json is what the message got, or null. When that writer has gone without a word
// there is a run again.
Task<std::shared_ptr<ai::Run>> run_or_reply(edge::Call call, PostedMessage* posted);

// Waits for the whole answer: 200 {conversationId, userMessage, reply | null, status}.
Task<edge::Reply> whole_answer(edge::Call call, PostedMessage posted);

// Server-sent events token, citation, done, error as they happen; every event has an id and repeats
// its type in the data. With Last-Event-ID only what follows that event: from the run on this loop,
// or from what the database has of the answer. No model is asked for it.
Task<edge::Reply> stream_answer(edge::Call call, PostedMessage posted);
// The same where the id of the last event does not come as a header; empty: there is none.
Task<edge::Reply> stream_answer_behind(edge::Call call, PostedMessage posted, std::string last_id);

}  // namespace chatpad::functions

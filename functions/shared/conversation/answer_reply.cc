#include "functions/shared/conversation/answer_reply.h"

#include "runtime/wire/json.h"
#include "runtime/wire/sse.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kReplyTo{"reply_to_message",
                                 "select r->>'state', r->'reply' from api.reply_to_message($1) r"};

// The run that answers the message: the one under way on this loop, or a new one. Empty when nobody
// is to answer (a person has taken over) or the answer exists already.
std::shared_ptr<ai::Run> run_for(edge::Call& call, PostedMessage& posted) {
  if (posted.reply_state != ReplyState::none || posted.status == "human_takeover") return nullptr;
  auto& answers = call.context().local<ai::Answers>();
  std::shared_ptr<ai::Run> run = answers.find(posted.assignment.reply_to);
  return run ? run : answers.start(std::move(posted.assignment));
}

std::string sse_text(const ai::Event& event, size_t id) {
  std::string text;
  wire::append_sse_event(text, {std::to_string(id), event.type, event.data});
  return text;
}

std::string done_event(const PostedMessage& posted) {
  wire::JsonWriter done;
  done.object()
      .field("type", "done")
      .field("conversationId", posted.conversation_id)
      .raw_field("userMessage", posted.user_message_json)
      .raw_field("reply", posted.reply_json)
      .field("status", posted.status)
      .field("cutOff", false)
      .raw_field("usage", R"({"input_tokens":0,"output_tokens":0})")
      .end();
  return std::move(done).str();
}

// A retry that finds its answer being written by another loop or program waits for the result.
Task<std::string> reply_from_elsewhere(edge::Call call, std::string message_id) {
  std::string reply = "null";
  for (int i = 0; i < kElsewherePolls; ++i) {
    pg::Rows rows = co_await call.service().rows(kReplyTo, pg::Params(message_id));
    if (rows.size() != 1 || rows.text(0, 0) != "running") {
      if (rows.size() == 1 && !rows.is_null(0, 1)) reply = rows.str(0, 1);
      break;
    }
    co_await sleep_for(call.context().loop(), kElsewherePollMs);
  }
  co_return reply;
}

}  // namespace

Task<edge::Reply> whole_answer(edge::Call call, PostedMessage posted) {
  const std::shared_ptr<ai::Run> run = run_for(call, posted);
  if (!run) {
    if (posted.reply_state == ReplyState::running) {
      posted.reply_json = co_await reply_from_elsewhere(call, posted.assignment.reply_to);
    }
    co_return edge::ok(chat_body(posted, posted.reply_json, posted.status));
  }
  while (!run->finished) {
    co_await run->changed.wait();
  }
  if (run->error) raise(*run->error);
  co_return edge::ok(chat_body(posted, run->reply_json, run->status));
}

Task<edge::Reply> stream_answer(edge::Call call, PostedMessage posted) {
  const std::shared_ptr<ai::Run> run = run_for(call, posted);
  if (!run && posted.reply_state == ReplyState::running) {
    posted.reply_json = co_await reply_from_elsewhere(call, posted.assignment.reply_to);
  }
  const std::string headers = "X-Conversation-Id: " + posted.conversation_id + "\r\n";
  edge::Stream stream = call.start_stream(kSseContentType, headers);
  if (!run) {
    stream.send(sse_text({"done", done_event(posted)}, 1));
    co_return edge::streamed();
  }
  size_t next = 0;
  for (;;) {
    while (next < run->events.size()) {
      const ai::Event& event = run->events[next++];
      const bool keeps_up = stream.send(sse_text(event, next));
      if (!keeps_up) {
        co_await stream.drained();
      }
    }
    if (run->finished) break;
    co_await run->changed.wait();
  }
  co_return edge::streamed();
}

}  // namespace chatpad::functions

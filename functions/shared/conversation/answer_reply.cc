#include "functions/shared/conversation/answer_reply.h"

#include "functions/shared/ai/answers.h"
#include "runtime/wire/json.h"
#include "runtime/wire/sse.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kReplyTo{
    "reply_to_message",
    "select r->>'state', r->'reply', r->'reply'->>'content', r->'reply'->>'citations', "
    "r->'reply'->>'id', r->'reply'->>'cutOff' from api.reply_to_message($1) r"};

// What the database has of an answer now.
struct Stored {
  std::string state = "none";  // none, running, complete
  std::string reply_json = "null";
  std::string content;
  std::string citations = "[]";
  std::string message_id;
  bool cut = false;

  // Whoever wrote it is gone and had said nothing.
  bool abandoned() const {
    return content.empty() && (state == "none" || (state == "complete" && cut));
  }
};

Task<Stored> stored_answer(edge::Call call, std::string message_id) {
  pg::Rows rows = co_await call.service().rows(kReplyTo, pg::Params(message_id));
  Stored stored;
  if (rows.size() == 1 && !rows.is_null(0, 1)) {
    stored.state = rows.str(0, 0);
    stored.reply_json = rows.str(0, 1);
    stored.content = rows.str(0, 2);
    stored.citations = rows.str(0, 3);
    stored.message_id = rows.str(0, 4);
    stored.cut = rows.text(0, 5) == "true";
  }
  co_return stored;
}

// What a stream shows of an answer that another loop or program writes, or has written: the events
// behind `seen`, made anew from the stored text.
class Replay {
 public:
  Replay(const PostedMessage& posted, ai::Position seen)
      : run_(ai::Assignment()), seen_(seen), posted_(posted) {
    run_.assignment.conversation_id = posted.conversation_id;
    run_.assignment.user_message_json = posted.user_message_json;
    run_.status = posted.status;
    run_.lead_captured = posted.lead_captured;
  }

  // The text has grown.
  void grow(const Stored& stored) {
    run_.message_id = stored.message_id;
    size_t from = run_.text.size();
    if (stored.content.size() <= from) return;
    // What the client has is not shown again; a border inside a character is none of ours.
    if (from < seen_.bytes) {
      from = std::min<size_t>(seen_.bytes, stored.content.size());
      run_.text = stored.content.substr(0, from);
    }
    const bool inside = from < stored.content.size() &&
                        (static_cast<unsigned char>(stored.content[from]) & 0xc0) == 0x80;
    if (inside) wire::refuse_field("Last-Event-ID", "must be the id of an event of this answer");
    if (from < stored.content.size()) run_.push_token(stored.content.substr(from));
  }

  void finish(const Stored& stored) {
    if (stored.citations != "[]" && !stored.citations.empty()) {
      run_.push("citation", R"({"type":"citation","citations":)" + stored.citations + "}");
    }
    run_.reply_json = stored.reply_json;
    run_.cut = stored.cut;
    run_.push_done();
  }

  // What has not been taken yet, as it goes out.
  std::string take() {
    std::string out;
    while (next_ < run_.events.size()) {
      const ai::Event& event = run_.events[next_++];
      // Events between two pieces of text are not all stored: the end is told in any case.
      if (event.at > seen_ || event.type == "done") run_.append_event(out, event);
    }
    return out;
  }

 private:
  ai::Run run_;
  ai::Position seen_;
  const PostedMessage& posted_;
  size_t next_ = 0;
};

Task<void> send(edge::Stream* stream, std::string bytes) {
  if (bytes.empty()) co_return;
  const bool keeps_up = stream->send(bytes);
  if (!keeps_up) {
    co_await stream->drained();
  }
}

// `first`: what the database had when the stream began. False: nobody writes it any more, and
// nothing was shown.
Task<bool> stream_stored(edge::Call call, edge::Stream* stream, const PostedMessage* posted,
                         ai::Position seen, Stored first) {
  Replay replay(*posted, seen);
  Stored stored = std::move(first);
  for (int i = 0; i < kElsewherePolls; ++i) {
    replay.grow(stored);
    std::string grown = replay.take();
    co_await send(stream, std::move(grown));
    if (stored.state != "running") break;
    co_await sleep_for(call.context().loop(), kElsewherePollMs);
    stored = co_await stored_answer(call, posted->assignment.reply_to);
  }
  if (stored.abandoned()) co_return false;
  replay.finish(stored);
  std::string rest = replay.take();
  co_await send(stream, std::move(rest));
  co_return true;
}

// Nothing but the end: of a message that was answered before, or that a person will answer.
Task<void> stream_end(edge::Stream* stream, const PostedMessage* posted) {
  ai::Run done{ai::Assignment()};
  done.assignment.conversation_id = posted->conversation_id;
  done.assignment.user_message_json = posted->user_message_json;
  done.reply_json = posted->reply_json;
  done.status = posted->status;
  done.lead_captured = posted->lead_captured;
  done.push_done();
  std::string bytes;
  done.append_event(bytes, done.events.back());
  co_await send(stream, std::move(bytes));
}

Task<void> stream_run(edge::Stream* stream, std::shared_ptr<ai::Run> run,
                      std::optional<ai::Position> seen) {
  const ai::Listening listening(run);
  size_t next = 0;
  std::string bytes;
  for (;;) {
    // Everything there is in one write: a client that lags gets it in fewer packets.
    bytes.clear();
    while (next < run->events.size()) {
      const ai::Event& event = run->events[next++];
      if (!seen || event.at > *seen) run->append_event(bytes, event);
    }
    const bool keeps_up = bytes.empty() || stream->send(bytes);
    if (!keeps_up) {
      co_await stream->drained();
    }
    if (next < run->events.size()) continue;
    if (run->finished) break;
    co_await run->changed.wait();
  }
}

}  // namespace

std::shared_ptr<ai::Run> run_for(edge::Call& call, PostedMessage& posted) {
  auto& answers = call.context().local<ai::Answers>();
  const std::shared_ptr<ai::Run> run = answers.find(posted.assignment.reply_to);
  if (run && !run->finished) return run;
  if (posted.reply_state != ReplyState::none || posted.status == "human_takeover") return nullptr;
  if (run && !run->cut && !run->error) return run;
  return answers.start(std::move(posted.assignment));
}

std::optional<ai::Position> resume_position(std::string_view id, bool can_return) {
  if (id.empty()) return std::nullopt;
  if (!can_return) wire::refuse_field("clientMessageId", "must be given with Last-Event-ID");
  const auto at = ai::Position::parse(id);
  if (!at) wire::refuse_field("Last-Event-ID", "must be the id of an event of this answer");
  return at;
}

Task<std::shared_ptr<ai::Run>> run_or_reply(edge::Call call, PostedMessage* posted) {
  std::shared_ptr<ai::Run> run = run_for(call, *posted);
  if (run || posted->reply_state != ReplyState::running) co_return run;
  for (int i = 0; i < kElsewherePolls; ++i) {
    const Stored stored = co_await stored_answer(call, posted->assignment.reply_to);
    if (stored.abandoned()) {
      posted->reply_state = ReplyState::none;
      run = run_for(call, *posted);
      break;
    }
    if (stored.state != "running") {
      posted->reply_json = stored.reply_json;
      break;
    }
    co_await sleep_for(call.context().loop(), kElsewherePollMs);
  }
  co_return run;
}

Task<edge::Reply> whole_answer(edge::Call call, PostedMessage posted) {
  const std::shared_ptr<ai::Run> run = co_await run_or_reply(call, &posted);
  if (!run) {
    co_return edge::ok(
        chat_body(posted, posted.reply_json, posted.status, captured(posted.lead_captured)));
  }
  const ai::Listening listening(run);
  while (!run->finished) {
    co_await run->changed.wait();
  }
  if (run->error) raise(*run->error);
  co_return edge::ok(chat_body(posted, run->reply_json, run->status, captured(run->lead_captured)));
}

Task<edge::Reply> stream_answer(edge::Call call, PostedMessage posted) {
  return stream_answer_behind(call, std::move(posted), std::string(call.header("last-event-id")));
}

Task<edge::Reply> stream_answer_behind(edge::Call call, PostedMessage posted, std::string last_id) {
  const bool can_return = posted.assignment.can_return;
  const std::string reply_to = posted.assignment.reply_to;
  const std::string headers = "X-Conversation-Id: " + posted.conversation_id + "\r\n";
  std::shared_ptr<ai::Run> run;
  // An answer that began with its message is written, whatever else is wrong with the request.
  if (!posted.assignment.message_id.empty()) run = run_for(call, posted);
  const std::optional<ai::Position> seen = resume_position(last_id, can_return);
  if (seen && !run) run = call.context().local<ai::Answers>().find(reply_to);
  Stored stored;
  const bool may_be_stored = seen && !run;
  if (may_be_stored) {
    stored = co_await stored_answer(call, reply_to);
  }
  // Whoever goes on with an answer wants that one, also when it was cut off; not another.
  const bool elsewhere = stored.state != "none";
  if (!run && !elsewhere) run = run_for(call, posted);
  if (!run && !elsewhere && posted.reply_state == ReplyState::running) {
    stored = co_await stored_answer(call, reply_to);
  }
  edge::Stream stream = call.start_stream(kSseContentType, headers);
  if (run) {
    co_await stream_run(&stream, run, seen);
  } else if (elsewhere || posted.reply_state == ReplyState::running) {
    const ai::Position from = seen.value_or(ai::Position());
    const bool shown = co_await stream_stored(call, &stream, &posted, from, stored);
    if (!shown) {
      posted.reply_state = ReplyState::none;
      run = run_for(call, posted);
    }
    if (run) {
      co_await stream_run(&stream, run, std::nullopt);
    } else if (!shown) {
      co_await stream_end(&stream, &posted);
    }
  } else {
    co_await stream_end(&stream, &posted);
  }
  co_return edge::streamed();
}

}  // namespace chatpad::functions

// Run: one answer on its way: what was said so far, as events that a stream shows, and who is
// listening. Made and driven by Answers (answers.h); read by the streams.
//
// Every event has a position: how many bytes of the text it ends after, and the how-manieth event
// without text it is there. It is the event's id, "128" or "128-2", and what a stream that comes
// back with Last-Event-ID goes on from, also when the text is all that is left of the run (the
// database).
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/ai/provider.h"
#include "functions/shared/leads/lead_watch.h"
#include "functions/shared/safety/answer_guard.h"
#include "runtime/base/error.h"
#include "runtime/coro/scope.h"
#include "runtime/coro/signal.h"
#include "runtime/loop/loop.h"

namespace chatpad::functions::ai {

class Answers;

struct Position {
  uint64_t bytes = 0;
  uint64_t extra = 0;
  auto operator<=>(const Position&) const = default;
  std::string str() const;
  // nullopt when `id` is none of ours.
  static std::optional<Position> parse(std::string_view id);
};

// What the visitor's stream shows, in order. `data` is a complete JSON object with `type`; a token
// has none, its words are the run's text from `from` to `at`.
struct Event {
  std::string type;  // token, tool_call, tool_result, citation, safety, done, error
  std::string data;
  Position at;
  uint64_t from = 0;
};

struct Assignment {
  std::string account_id;
  std::string conversation_id;
  std::string agent_id;
  std::string reply_to;    // the visitor's message
  std::string message_id;  // the answer's row, when it was begun with the message; else empty
  std::string user_message_json;
  int64_t epoch = 0;
  int64_t knowledge_version = 0;
  std::string safety = "{}";         // the agent's settings
  std::vector<std::string> origins;  // the sites that show it
  std::string lead_settings = "{}";
  std::string lead_state = "{}";
  bool has_lead = false;
  int visitor_messages = 1;
  std::string asked_at;
  Prompt prompt;            // without its knowledge
  std::string over_budget;  // whose budget is used up; empty: nobody's
  std::string schedule;     // of the agent, when it has an offline message; else empty
  bool can_return = false;  // the message has a clientMessageId: its sender may ask again
};

class Run {
 public:
  explicit Run(Assignment assignment) : assignment(std::move(assignment)) {}

  void push(std::string type, std::string data);
  void push_token(std::string_view piece);
  void push_done();
  // As a stream sends it: an event of text/event-stream.
  void append_event(std::string& out, const Event& event) const;

  Assignment assignment;
  std::deque<Event> events;
  bool finished = false;
  std::string reply_json = "null";  // the stored message, once finished
  std::string status = "active";    // of the conversation
  std::optional<Error> error;       // the run itself failed: nothing is stored
  std::optional<Error> failure;     // no service answered, or not to the end; what is said stands
  Signal changed;

  std::string message_id;  // the assistant's row
  std::string text;        // said so far
  size_t text_units = 0;   // of it, as JavaScript counts: UTF-16
  Outcome outcome;
  std::shared_ptr<AnswerGuard> guard;
  std::shared_ptr<LeadWatch> leads;
  bool lead_captured = false;
  bool cut = false;     // a takeover came, or nobody listens any more, or the service broke off
  bool ending = false;  // its last words are being stored

  // For Answers and Drafts only.
  std::unique_ptr<Answer> answer;
  Answers* owner = nullptr;
  std::string room;  // the conversation's topic, where the inbox hears the words
  Scope::Id task = 0;
  bool draft_waits = false;   // its text is to be stored soon
  uint64_t persisted_ms = 0;  // when it was last, or the row was taken
  uint64_t started_ms = 0;
  uint64_t first_piece_ms = 0;
  // What was done and after how long, for people who look into an answer.
  std::vector<std::pair<std::string_view, uint64_t>> steps;
  size_t listeners = 0;
  Timer alone;  // runs while nobody listens
};

// One stream or request that waits for the run, for as long as this lives.
class Listening {
 public:
  explicit Listening(std::shared_ptr<Run> run);
  ~Listening();
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  std::shared_ptr<Run> run_;
};

}  // namespace chatpad::functions::ai

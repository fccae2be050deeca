// Answers: the running answers of one loop, one Run per visitor message that is being answered.
//
// A Run is independent of the request that started it: a visitor who loses the connection finds the
// whole answer with get-messages. Its life: take the assistant row and its seq (start_answer), find
// the knowledge, let the provider write, persist what was said (coalesced, kPersistMs), finish.
//
// The fence. A takeover raises the conversation's epoch and closes the running row in one
// transaction. Every write of a Run is conditional on the epoch it started from, so nothing is
// stored after it; the durable event `takeover.started` also destroys the provider's answer at
// once. Either way the Run ends with the row as the database keeps it, and so does the visitor's
// stream.
//
// When the provider fails the visitor gets the agent's fallback message and the account's topic
// gets `answer.failed`. Errors of the database end the Run with `error` events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "functions/shared/ai/provider.h"
#include "functions/shared/knowledge/index_cache.h"
#include "runtime/base/error.h"
#include "runtime/coro/scope.h"
#include "runtime/coro/signal.h"
#include "runtime/edge/context.h"

namespace chatpad::functions::ai {

constexpr uint64_t kPersistMs = 200;  // streamed text reaches the database at least this often
constexpr int kLeaseS = 30;           // an answer nobody renews for so long is abandoned
constexpr size_t kAnswerBytesMax = 32'000;  // longer answers are cut
constexpr size_t kRunsMax = 2'000;          // per loop; further ones are refused as overloaded
constexpr uint64_t kKeepFinishedMs = 30'000;

// What the visitor's stream shows, in order. `data` is a complete JSON object with `type`.
struct Event {
  std::string type;  // token, citation, safety, done, error
  std::string data;
};

struct Assignment {
  std::string account_id;
  std::string conversation_id;
  std::string agent_id;
  std::string reply_to;  // the visitor's message
  std::string user_message_json;
  int64_t epoch = 0;
  int64_t knowledge_version = 0;
  Prompt prompt;  // without its knowledge
};

class Run {
 public:
  explicit Run(Assignment assignment) : assignment(std::move(assignment)) {}

  Assignment assignment;
  std::vector<Event> events;
  bool finished = false;
  std::string reply_json = "null";  // the stored message, once finished
  std::string status = "active";    // of the conversation
  std::optional<Error> error;
  Signal changed;

  std::string message_id;  // the assistant's row
  std::string text;        // said so far
  size_t text_units = 0;   // of it, as JavaScript counts: UTF-16
  bool cut = false;        // a takeover came
  Scope::Id task = 0;
  uint64_t persisted_ms = 0;
};

class Answers {
 public:
  explicit Answers(edge::Context& context);
  ~Answers();

  // Errc::overloaded when kRunsMax runs are under way.
  std::shared_ptr<Run> start(Assignment assignment);
  // The run that answers this visitor message on this loop, if any (finished ones for a while).
  std::shared_ptr<Run> find(const std::string& reply_to) const;
  size_t running() const { return scope_.size(); }

 private:
  Task<void> answer(std::shared_ptr<Run> run);
  Task<void> write(std::shared_ptr<Run> run);
  Task<bool> say(std::shared_ptr<Run> run, std::string piece);
  Task<void> finish(std::shared_ptr<Run> run, Outcome outcome);
  Task<void> finish_cut(std::shared_ptr<Run> run);
  Task<std::shared_ptr<const chatpad::knowledge::Index>> knowledge_of(std::shared_ptr<Run> run);
  void on_event(const edge::DurableEvent& event);
  void end(Run& run);
  void fail(Run& run, const Error& error);
  void announce_failure(const Run& run, const Error& error);

  edge::Context& context_;
  std::unique_ptr<Provider> provider_;
  chatpad::knowledge::IndexCache cache_;
  std::unordered_map<std::string, std::shared_ptr<Run>> runs_;  // by reply_to
  Timer sweep_;
  Scope scope_;
};

}  // namespace chatpad::functions::ai

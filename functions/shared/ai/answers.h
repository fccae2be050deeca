// Answers: the running answers of one loop, one Run per visitor message that is being answered.
//
// A Run is independent of the request that started it: a visitor who loses the connection comes
// back to it, or finds the whole answer with get-messages. Its life: the assistant's row and its
// seq (begun with the visitor's message, or taken with start_answer for one that is sent again),
// find the knowledge, let the provider write, store what was said beside it (drafts.h), finish.
//
// The fence. A takeover raises the conversation's epoch and closes the running row in one
// transaction. Every write of a Run is conditional on the epoch it started from, so nothing is
// stored after it; the durable event `takeover.started` also destroys the provider's answer at
// once. Archiving the conversation does the same. Either way the Run ends with the row as the
// database keeps it, and so does the visitor's stream.
//
// Nobody listening. A client that cannot come back (its message has no clientMessageId) ends the
// answer by leaving; another one is waited for kAloneMs. Then the model is cancelled, and what was
// said is stored and flagged.
//
// When no service answers the visitor gets the agent's fallback message and the account's topic
// gets `answer.failed`; one that breaks off leaves what it said, flagged. Errors of the database
// end the Run with `error` events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "functions/shared/ai/drafts.h"
#include "functions/shared/ai/provider.h"
#include "functions/shared/ai/run.h"
#include "functions/shared/knowledge/library.h"
#include "runtime/base/error.h"
#include "runtime/coro/scope.h"
#include "runtime/edge/context.h"

namespace chatpad::functions::ai {

// The lease until the first renewal: whoever begins it with the visitor's message may be gone
// before it runs.
constexpr int kBeginLeaseS = 10;
constexpr size_t kAnswerBytesMax = 32'000;  // longer answers are cut
constexpr size_t kRunsMax = 2'000;          // per loop; further ones are refused as overloaded
constexpr uint64_t kKeepFinishedMs = 30'000;
constexpr uint64_t kAloneMs = 30'000;   // a client that may come back is waited for
constexpr uint64_t kAloneMsLeast = 10;  // one that may not

class Answers {
 public:
  explicit Answers(edge::Context& context);
  ~Answers();

  // Errc::overloaded when kRunsMax runs are under way: asked before an answer begins.
  void require_room() const;
  std::shared_ptr<Run> start(Assignment assignment);
  // The run that answers this visitor message on this loop, if any (finished ones for a while).
  std::shared_ptr<Run> find(const std::string& reply_to) const;
  size_t running() const { return scope_.size(); }
  // The last one who listened has gone.
  void left_alone(const std::shared_ptr<Run>& run);

 private:
  Task<void> answer(std::shared_ptr<Run> run);
  Task<void> write(std::shared_ptr<Run> run);
  Task<bool> take_row(std::shared_ptr<Run> run);
  void own_row(const std::shared_ptr<Run>& run, std::string message_id);
  Task<void> listen_to_provider(std::shared_ptr<Run> run);
  safety::Decision look_at_question(Run& run, Prompt& prompt);
  bool admit(const std::shared_ptr<Run>& run, Prompt& prompt);
  void require_budget(const Assignment& assignment);
  bool say(const std::shared_ptr<Run>& run, std::string piece);
  bool say_safely(const std::shared_ptr<Run>& run, std::optional<std::string> piece);
  void tell_safety(Run& run);
  Task<void> note_what_was_seen(std::shared_ptr<Run> run);
  Task<void> finish(std::shared_ptr<Run> run);
  Task<void> finish_given_up(std::shared_ptr<Run> run);
  void give_up(const std::shared_ptr<Run>& run);
  void note_step(Run& run, std::string_view name);
  void on_event(const edge::DurableEvent& event);
  void end(Run& run);
  void fail(Run& run, const Error& error);
  void announce_failure(const Run& run, const Error& error);

  edge::Context& context_;
  std::unique_ptr<Provider> provider_;
  Library& library_;
  std::unordered_map<std::string, std::shared_ptr<Run>> runs_;  // by reply_to
  Timer sweep_;
  Drafts drafts_;
  Scope scope_;
};

}  // namespace chatpad::functions::ai

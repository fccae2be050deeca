// Guards one answer: the visitor's message before anybody answers it, the words of documents before
// a model reads them, and the answer piece by piece before anybody sees it.
//
//   Guard guard(policy, known);
//   Decision decision = guard.ask(question);         // refused: say decision.message, ask nobody
//   prompt.question = guard.for_model(question);     // with personal data replaced where asked
//   std::string passage = guard.document(id, title, text);  // for models only
//   show(guard.feed(piece)); ... show(guard.finish());
//   guard.stopped(): the answer ends here. guard.flags(): what to store beside the messages.
//
// A link stays when its host is the agent's, or when it stands so in what the agent knows: then it
// cannot carry anything away. Images never stay. E-mail addresses, phone numbers and addresses of
// places stay when the agent's knowledge or the visitor says them: they are the shop's own.
// Pure: what is known is asked through `Known`. Owner: one ai::Run.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/safety/policy.h"
#include "functions/shared/safety/scan.h"

namespace chatpad::safety {

constexpr size_t kFlagsMax = 20;         // kept of one answer
constexpr size_t kKnownLookupsMax = 64;  // of one answer
// What a visitor for whom a person is called reads of an agent that has no words of its own.
constexpr std::string_view kEscalationWords =
    "Let me connect you with a person for this. They will reply here.";

// Never holds what was written: only what it was.
struct Flag {
  std::string kind;    // injection, pii, secret, dlp, topic, link, instructions
  std::string action;  // flagged, redacted, removed, blocked, refused, escalated
  std::string where;   // message, document, answer
  std::string
      detail;  // of injection its reasons, of pii the entity, of dlp the rule, of topic its name
  std::string source_id;  // of a document
  std::string title;
};
// [{"kind","action","where","detail","sourceId","title"}]
std::string flags_json(const std::vector<Flag>& flags);

struct Decision {
  bool refused = false;
  std::string message;  // when refused, or when a person will come
  bool escalate = false;
  std::string priority;
  std::string reason;  // of it: request, keyword, topic
};

struct Known {
  std::string instructions;
  std::string visitor_text;        // what the visitor wrote in this conversation
  std::string escalation_message;  // of the agent, where a topic has none of its own
  std::vector<std::string> hosts;  // of the agent's own pages
  std::function<bool(std::string_view)> in_knowledge;  // does it stand there, literally?
};

class Guard {
 public:
  Guard(std::shared_ptr<const Policy> policy, Known known);

  Decision ask(std::string_view question);
  std::string for_model(std::string_view text) const;
  // What the visitor said before: orders that were refused then are not given to a model now.
  std::string earlier(std::string_view text);
  std::string document(const std::string& source_id, const std::string& title,
                       std::string_view text);

  std::string feed(std::string_view piece);
  std::string finish();
  bool stopped() const { return scanner_ && scanner_->stopped(); }
  // From now on as after an attempt to get at the instructions.
  void suspect() { under_attack_ = true; }
  // What to say when the answer was stopped.
  std::string refusal() const;

  const std::vector<Flag>& input_flags() const { return input_flags_; }
  const std::vector<Flag>& output_flags() const { return output_flags_; }
  // For the visitor's stream: pii_redacted, secret_redacted, link_removed, dlp_redacted,
  // content_blocked, topic_refused, escalated, injection_blocked, instructions_withheld. Each once.
  std::vector<std::string> take_notices();

 private:
  void call_person(std::string_view question, Decision& decision);
  std::string handing_over() const;
  void begin();
  std::optional<std::string> decide(const Match& match);
  std::optional<std::string> decide_rule(const Match& match);
  std::optional<std::string> decide_link(const Match& match);
  std::optional<std::string> block(const Match& match, std::string kind, std::string detail);
  bool is_known(const Match& match);
  bool may_link(std::string_view url);
  void flag(std::vector<Flag>& flags, Flag flag);
  void notice(std::string_view reason);
  Wanted wanted_in_answer() const;

  std::shared_ptr<const Policy> policy_;
  Known known_;
  bool under_attack_ = false;
  size_t lookups_ = 0;
  std::unique_ptr<Scanner> scanner_;
  std::vector<Flag> input_flags_;
  std::vector<Flag> output_flags_;
  std::vector<std::string> noticed_;
  std::vector<std::string> pending_notices_;
};

// What is stored of a visitor's message: without what is blocked, what a rule takes out, and, where
// that is asked for, personal data.
std::string for_store(const Policy& policy, std::string_view text);
// The same for a lead, which contact details make: phone, e-mail and address stay.
std::string for_lead(const Policy& policy, std::string_view text);

// A text for the log: personal data and secrets replaced.
std::string for_log(std::string_view text);

}  // namespace chatpad::safety

#include "functions/shared/safety/guard.h"

#include <algorithm>

#include "functions/shared/safety/handoff.h"
#include "functions/shared/safety/matchers.h"
#include "functions/shared/safety/screen.h"
#include "functions/shared/safety/verdicts.h"
#include "runtime/wire/json.h"

namespace chatpad::safety {
namespace {

constexpr std::string_view kRefusal =
    "I cannot help with that here. Is there something else I can do for you?";
constexpr std::string_view kLinkRemoved = "[link removed]";
constexpr std::string_view kWithheld = "[withheld]";

std::string replacement(Kind kind) { return "[redacted: " + std::string(to_string(kind)) + "]"; }

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) {
    if (!all.empty()) all += ", ";
    all += word;
  }
  return all;
}

std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (is_digit(c)) digits += c;
  }
  return digits;
}

std::shared_ptr<const std::vector<std::string>> words_of(std::string_view text) {
  auto words = std::make_shared<std::vector<std::string>>();
  std::string word;
  for (const char c : text) {
    if (is_word(c)) {
      word += lower(c);
    } else if (!word.empty()) {
      words->push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words->push_back(std::move(word));
  return words;
}

// The host of an http(s) address; empty when it has none, or when somebody's name stands before it.
std::string host_of(std::string_view url) {
  std::string small = lower(url);
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (small.starts_with(scheme)) {
      small.erase(0, scheme.size());
      const std::string host = small.substr(0, small.find_first_of("/?#"));
      return host.find_first_of("@\\") == host.npos ? host : std::string();
    }
  }
  return small.starts_with("www.") ? small.substr(0, small.find_first_of("/?#")) : std::string();
}

Wanted only_pii(uint32_t kinds) {
  Wanted wanted;
  wanted.kinds = kinds;
  return wanted;
}

}  // namespace

std::string flags_json(const std::vector<Flag>& flags) {
  wire::JsonWriter out;
  out.array();
  for (const Flag& flag : flags) {
    out.object()
        .field("kind", flag.kind)
        .field("action", flag.action)
        .field("where", flag.where)
        .field("detail", flag.detail);
    if (!flag.source_id.empty()) out.field("sourceId", flag.source_id).field("title", flag.title);
    out.end();
  }
  out.end();
  return std::move(out).str();
}

std::string for_log(std::string_view text) {
  Wanted wanted = only_pii(0b111111);
  wanted.add(Kind::secret);
  return rewrite(text, wanted, [](const Match& match) -> std::optional<std::string> {
    return replacement(match.kind);
  });
}

namespace {

std::string without(const Policy& policy, std::string_view text, uint32_t kinds) {
  Wanted wanted = only_pii(kinds);
  wanted.rules = policy.rules;
  if (wanted.kinds == 0 && !wanted.rules) return std::string(text);
  return rewrite(text, wanted, [&policy](const Match& match) -> std::optional<std::string> {
    if (match.kind != Kind::rule) return replacement(match.kind);
    const Rule& rule = policy.rules->rule(match.rule);
    if (rule.action == Action::warn) return std::nullopt;
    return "[redacted: " + rule.name + "]";
  });
}

uint32_t kinds_not_stored(const Policy& policy) {
  return policy.blocked | (policy.redact_in_storage ? policy.pii : 0);
}

}  // namespace

std::string for_store(const Policy& policy, std::string_view text) {
  return without(policy, text, kinds_not_stored(policy));
}

std::string for_lead(const Policy& policy, std::string_view text) {
  Wanted contact;
  contact.add(Kind::phone).add(Kind::email).add(Kind::address);
  return without(policy, text, kinds_not_stored(policy) & ~contact.kinds);
}

Guard::Guard(std::shared_ptr<const Policy> policy, Known known)
    : policy_(std::move(policy)), known_(std::move(known)) {}

void Guard::flag(std::vector<Flag>& flags, Flag flag) {
  for (const Flag& other : flags) {
    if (other.kind == flag.kind && other.detail == flag.detail && other.source_id == flag.source_id)
      return;
  }
  if (flags.size() < kFlagsMax) flags.push_back(std::move(flag));
}

void Guard::notice(std::string_view reason) {
  if (std::find(noticed_.begin(), noticed_.end(), reason) != noticed_.end()) return;
  noticed_.emplace_back(reason);
  pending_notices_.emplace_back(reason);
}

std::vector<std::string> Guard::take_notices() { return std::exchange(pending_notices_, {}); }

std::string Guard::refusal() const {
  return policy_->refusal_message.empty() ? std::string(kRefusal) : policy_->refusal_message;
}

std::string Guard::handing_over() const {
  return known_.escalation_message.empty() ? std::string(kEscalationWords)
                                           : known_.escalation_message;
}

// The visitor's own wish, or a word of the agent's that stands for it.
void Guard::call_person(std::string_view question, Decision& decision) {
  if (!policy_->human_handoff) return;
  if (asks_for_person(question)) {
    decision.reason = "request";
  } else if (is_about(question, policy_->handoff_keywords)) {
    decision.reason = "keyword";
  } else {
    return;
  }
  notice("escalated");
  decision.escalate = true;
  decision.refused = true;
  if (decision.priority.empty()) decision.priority = "normal";
  if (decision.message.empty()) decision.message = handing_over();
}

Decision Guard::ask(std::string_view question) {
  Decision decision;
  const auto refuse = [&](std::string_view reason) {
    decision.refused = true;
    decision.message = refusal();
    notice(reason);
  };
  if (policy_->injection != Injection::off) {
    const Screening screening = screen(question);
    if (screening.suspicious()) {
      under_attack_ = true;
      const bool blocks = policy_->injection == Injection::block && screening.attack();
      flag(input_flags_, {"injection",
                          blocks ? "blocked" : "flagged",
                          "message",
                          joined(screening.reasons),
                          {},
                          {}});
      if (blocks) refuse("injection_blocked");
    }
  }
  for (const Escalation& escalation : policy_->escalations) {
    if (decision.refused || !is_about(question, policy_->topic(escalation.topic))) continue;
    flag(input_flags_, {"topic", "escalated", "message", escalation.topic, {}, {}});
    notice("escalated");
    decision.escalate = true;
    decision.reason = "topic";
    decision.priority = escalation.priority;
    decision.refused = !escalation.answer_too;
    decision.message = escalation.message;
    if (decision.refused && decision.message.empty()) decision.message = handing_over();
  }
  if (!decision.refused) call_person(question, decision);
  for (const std::string& topic : policy_->disallowed) {
    if (decision.refused || !is_about(question, policy_->topic(topic))) continue;
    flag(input_flags_, {"topic", "refused", "message", topic, {}, {}});
    refuse("topic_refused");
  }
  Wanted wanted;
  wanted.rules = policy_->rules;
  wanted.kinds = policy_->blocked | policy_->warned;
  if (policy_->redact_in_model_input) wanted.kinds |= policy_->pii;
  wanted.add(Kind::ssn).add(Kind::credit_card);
  for (const Match& match : find_all(question, wanted)) {
    const bool is_rule = match.kind == Kind::rule;
    const bool blocks = is_rule ? policy_->rules->rule(match.rule).action == Action::block
                                : policy_->blocks(match.kind);
    const bool redacts = is_rule ? policy_->rules->rule(match.rule).action == Action::redact
                                 : policy_->redact_in_model_input && policy_->looks_for(match.kind);
    flag(input_flags_,
         {is_rule || blocks || policy_->warns(match.kind) ? "dlp" : "pii",
          blocks    ? "blocked"
          : redacts ? "redacted"
                    : "flagged",
          "message",
          is_rule ? policy_->rules->rule(match.rule).name : std::string(to_string(match.kind)),
          {},
          {}});
    if (blocks && !decision.refused) refuse("content_blocked");
  }
  return decision;
}

std::string Guard::for_model(std::string_view text) const {
  return without(*policy_, text, policy_->redact_in_model_input ? policy_->pii : 0);
}

std::string Guard::document(const std::string& source_id, const std::string& title,
                            std::string_view text) {
  if (policy_->injection == Injection::off) return std::string(text);
  const Screening screening = screen(text);
  if (!screening.suspicious()) return std::string(text);
  under_attack_ = true;
  Cleaned cleaned = without_orders(text);
  flag(output_flags_, {"injection", cleaned.removed > 0 ? "removed" : "flagged", "document",
                       joined(screening.reasons), source_id, title});
  return cleaned.text;
}

std::string Guard::earlier(std::string_view text) {
  std::string shown = for_model(text);
  if (policy_->injection == Injection::off) return shown;
  static thread_local Verdicts verdicts;  // the same turns come with each further message
  if (!verdicts.suspicious(shown)) return shown;
  under_attack_ = true;
  return policy_->injection == Injection::block ? without_orders(shown).text : shown;
}

Wanted Guard::wanted_in_answer() const {
  Wanted wanted;
  wanted.add(Kind::link);
  wanted.kinds |= policy_->blocked | policy_->warned;
  if (policy_->redact_in_model_output) wanted.kinds |= policy_->pii;
  if (policy_->scan_model_output) wanted.add(Kind::secret);
  wanted.rules = policy_->rules;
  if (under_attack_ && policy_->protect_instructions && !known_.instructions.empty()) {
    wanted.add(Kind::leak);
    wanted.instructions = words_of(known_.instructions);
  }
  return wanted;
}

void Guard::begin() {
  if (scanner_) return;
  scanner_ = std::make_unique<Scanner>(wanted_in_answer(),
                                       [this](const Match& match) { return decide(match); });
}

std::string Guard::feed(std::string_view piece) {
  begin();
  return scanner_->feed(piece);
}

std::string Guard::finish() {
  begin();
  return scanner_->finish();
}

bool Guard::is_known(const Match& match) {
  if (known_.visitor_text.find(match.text) != std::string::npos) return true;
  if (match.kind == Kind::phone &&
      digits_of(known_.visitor_text).find(digits_of(match.text)) != std::string::npos)
    return true;
  if (!known_.in_knowledge || ++lookups_ > kKnownLookupsMax) return false;
  return known_.in_knowledge(match.text);
}

bool Guard::may_link(std::string_view url) {
  const std::string small = lower(url);
  const bool relative =
      url.find(':') == url.npos && !url.starts_with("//") && !small.starts_with("www.");
  if (url.empty() || url[0] == '#') return true;
  if (relative || small.starts_with("mailto:") || small.starts_with("tel:")) {
    return url.find('?') == url.npos && url.find('#') == url.npos && url.size() <= 200;
  }
  const std::string host = host_of(url);
  if (host.empty()) return false;
  const auto own = [&](const std::vector<std::string>& hosts) {
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& one) {
      return host == one || (host.size() > one.size() && host.ends_with(one) &&
                             host[host.size() - one.size() - 1] == '.');
    });
  };
  if (own(known_.hosts) || own(policy_->link_hosts)) return true;
  return known_.in_knowledge && ++lookups_ <= kKnownLookupsMax && known_.in_knowledge(url);
}

std::optional<std::string> Guard::block(const Match&, std::string kind, std::string detail) {
  flag(output_flags_, {std::move(kind), "blocked", "answer", std::move(detail), {}, {}});
  notice("content_blocked");
  scanner_->stop();
  return std::nullopt;
}

std::optional<std::string> Guard::decide_rule(const Match& match) {
  const Rule& rule = policy_->rules->rule(match.rule);
  if (rule.action == Action::block) return block(match, "dlp", rule.name);
  const bool redacts = rule.action == Action::redact;
  flag(output_flags_, {"dlp", redacts ? "redacted" : "flagged", "answer", rule.name, {}, {}});
  if (!redacts) return std::nullopt;
  notice("dlp_redacted");
  return "[redacted: " + rule.name + "]";
}

std::optional<std::string> Guard::decide_link(const Match& match) {
  if (match.kind == Kind::html) {
    // Plain marks of text do nothing; with attributes they may.
    if (match.text.size() > 1 && match.text.find('=') == match.text.npos) return std::nullopt;
  } else if (match.kind == Kind::link && may_link(match.url)) {
    return std::nullopt;
  }
  flag(output_flags_,
       {"link", "removed", "answer", match.kind == Kind::image ? "image" : "link", {}, {}});
  notice("link_removed");
  if (match.kind != Kind::link) {
    // What stands there for a picture is text like any other.
    return rewrite(match.label, wanted_in_answer(),
                   [this](const Match& inner) { return decide(inner); });
  }
  if (match.label.empty()) return std::string(kLinkRemoved);
  return rewrite(match.label, wanted_in_answer(),
                 [this](const Match& inner) { return decide(inner); });
}

std::optional<std::string> Guard::decide(const Match& match) {
  switch (match.kind) {
    case Kind::rule:
      return decide_rule(match);
    case Kind::image:
    case Kind::link:
    case Kind::html:
      return decide_link(match);
    case Kind::leak:
      flag(output_flags_, {"instructions", "removed", "answer", "", {}, {}});
      notice("instructions_withheld");
      return std::string(kWithheld);
    default:
      break;
  }
  const std::string name(to_string(match.kind));
  if (policy_->blocks(match.kind)) return block(match, "dlp", name);
  const bool secret = match.kind == Kind::secret;
  const bool shared =
      match.kind == Kind::email || match.kind == Kind::phone || match.kind == Kind::address;
  const bool wanted = secret ? policy_->scan_model_output
                             : policy_->redact_in_model_output && policy_->looks_for(match.kind);
  if (!wanted || (shared && is_known(match))) {
    if (policy_->warns(match.kind)) flag(output_flags_, {"dlp", "flagged", "answer", name, {}, {}});
    return std::nullopt;
  }
  flag(output_flags_, {secret ? "secret" : "pii", "redacted", "answer", name, {}, {}});
  notice(secret ? "secret_redacted" : "pii_redacted");
  return replacement(match.kind);
}

}  // namespace chatpad::safety

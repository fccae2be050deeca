#include "functions/shared/safety/policy.h"

#include <algorithm>
#include <array>

#include "functions/shared/safety/matchers.h"
#include "functions/shared/text/tokenize.h"
#include "runtime/wire/fields.h"

namespace chatpad::safety {
namespace {

using wire::Fields;

struct Named {
  std::string_view words;
  Kind kind;
};
// As people write them into block and warn patterns.
constexpr std::array<Named, 17> kEntityWords = {{{"ssn", Kind::ssn},
                                                 {"social security number", Kind::ssn},
                                                 {"social security numbers", Kind::ssn},
                                                 {"credit_card", Kind::credit_card},
                                                 {"credit card number", Kind::credit_card},
                                                 {"credit card numbers", Kind::credit_card},
                                                 {"credit cards", Kind::credit_card},
                                                 {"dob", Kind::dob},
                                                 {"dates of birth", Kind::dob},
                                                 {"phone", Kind::phone},
                                                 {"phone numbers", Kind::phone},
                                                 {"email", Kind::email},
                                                 {"email addresses", Kind::email},
                                                 {"address", Kind::address},
                                                 {"addresses", Kind::address},
                                                 {"api keys", Kind::secret},
                                                 {"secrets", Kind::secret}}};

std::optional<Kind> entity(std::string_view words) {
  const std::string small = lower(words);
  for (const Named& named : kEntityWords) {
    if (named.words == small) return named.kind;
  }
  return std::nullopt;
}

void read_pii(const Fields& fields, Policy& policy) {
  policy.redact_in_logs = fields.boolean("redactInLogs", policy.redact_in_logs);
  policy.redact_in_model_input = fields.boolean("redactInModelInput", policy.redact_in_model_input);
  policy.redact_in_model_output =
      fields.boolean("redactInModelOutput", policy.redact_in_model_output);
  policy.redact_in_storage = fields.boolean("redactInStorage", policy.redact_in_model_input);
  if (!fields.has("detectedEntities")) return;
  policy.pii = 0;
  for (const std::string& name : fields.string_list("detectedEntities", 6, 20)) {
    const std::optional<Kind> kind = entity(name);
    if (!kind || !is_pii(*kind) || to_string(*kind) != name) {
      wire::refuse_field("safety.pii.detectedEntities",
                         "must hold ssn, credit_card, dob, phone, email or address");
    }
    policy.pii |= 1U << static_cast<int>(*kind);
  }
}

// A pattern is the name of what is detected anyway, or words to look for.
void read_patterns(const Fields& dlp, std::string_view name, Action action, uint32_t& kinds,
                   std::vector<Rule>& rules) {
  for (std::string& words : dlp.string_list(name, kRulesMax, kPhraseCharsMax)) {
    if (const auto kind = entity(words)) {
      kinds |= 1U << static_cast<int>(*kind);
    } else if (words.find_first_not_of(" \t\r\n") == std::string::npos) {
      wire::refuse_field("safety.dlp." + std::string(name), "must hold words");
    } else {
      Rule rule;
      rule.name = words;
      rule.pattern = std::move(words);
      rule.phrase = true;
      rule.action = action;
      rules.push_back(std::move(rule));
    }
  }
}

void read_dlp(const Fields& dlp, Policy& policy) {
  if (!dlp.boolean("enabled", true)) return;
  std::vector<Rule> rules;
  read_patterns(dlp, "blockPatterns", Action::block, policy.blocked, rules);
  read_patterns(dlp, "warnPatterns", Action::warn, policy.warned, rules);
  for (const Fields& item : dlp.object_list("customRegex", kRulesMax)) {
    Rule rule;
    rule.name = item.string("name", 1, 60);
    rule.pattern = item.string("pattern", 1, kPatternCharsMax);
    const std::string action = item.choice("action", {"warn", "redact", "block"});
    rule.action = action == "warn"    ? Action::warn
                  : action == "block" ? Action::block
                                      : Action::redact;
    rules.push_back(std::move(rule));
  }
  if (rules.size() > kRulesMax) wire::refuse_field("safety.dlp", "must hold at most 50 rules");
  if (rules.empty()) return;
  policy.rules = RuleSet::compile(std::move(rules)).or_raise();
}

void read_topics(const Fields& fields, Policy& policy) {
  for (const Fields& item : fields.object_list("topics", kTopicsMax)) {
    Topic topic;
    topic.name = item.string("name", 1, 60);
    topic.phrases = item.string_list("phrases", kPhrasesMax, kPhraseCharsMax);
    policy.topics.push_back(std::move(topic));
  }
  const auto known = [&](const std::string& name) {
    return is_built_in_topic(name) ||
           std::any_of(policy.topics.begin(), policy.topics.end(), [&](const Topic& topic) {
             return topic.name == name && !topic.phrases.empty();
           });
  };
  policy.disallowed = fields.string_list("disallowedTopics", kTopicsMax, 60);
  for (const std::string& name : policy.disallowed) {
    if (!known(name))
      wire::refuse_field("safety.disallowedTopics",
                         "must name built-in topics or topics with phrases");
  }
  for (const Fields& item : fields.object_list("topicEscalation", kTopicsMax)) {
    Escalation escalation;
    escalation.topic = item.string("topic", 1, 60);
    escalation.answer_too = item.choice("action", {"escalate_to_human", "escalate_with_context"}) ==
                            "escalate_with_context";
    escalation.message = item.optional_string("message", kSentenceCharsMax).value_or("");
    escalation.priority =
        item.optional_choice("priority", {"low", "normal", "high", "urgent"}).value_or("normal");
    if (!known(escalation.topic)) {
      wire::refuse_field("safety.topicEscalation",
                         "must name built-in topics or topics with phrases");
    }
    policy.escalations.push_back(std::move(escalation));
  }
}

void read_handoff(const Fields& fields, Policy& policy) {
  policy.human_handoff = fields.boolean("enableHumanHandoff", true);
  const auto rules = fields.optional_object("escalationRules");
  if (!rules) return;
  policy.handoff_keywords.phrases = rules->string_list("keywords", kPhrasesMax, kPhraseCharsMax);
  for (const std::string& phrase : policy.handoff_keywords.phrases) {
    if (text::count_words(phrase) == 0) {
      wire::refuse_field("safety.escalationRules.keywords", "must hold words");
    }
  }
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && host.find('.') != host.npos &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == ':'; });
}

std::shared_ptr<const Policy> read(const Fields& fields) {
  auto policy = std::make_shared<Policy>();
  const std::string injection =
      fields.optional_choice("injection", {"off", "flag", "block"}).value_or("block");
  policy->injection = injection == "off"    ? Injection::off
                      : injection == "flag" ? Injection::flag
                                            : Injection::block;
  policy->protect_instructions = fields.boolean("protectInstructions", true);
  if (const auto pii = fields.optional_object("pii")) read_pii(*pii, *policy);
  if (const auto secrets = fields.optional_object("secrets")) {
    policy->scan_model_output = secrets->boolean("scanModelOutput", true);
  }
  if (const auto dlp = fields.optional_object("dlp")) read_dlp(*dlp, *policy);
  read_topics(fields, *policy);
  read_handoff(fields, *policy);
  policy->refusal_message =
      fields.optional_string("refusalMessage", kSentenceCharsMax).value_or("");
  policy->link_hosts = fields.string_list("linkHosts", kHostsMax, 253);
  for (std::string& host : policy->link_hosts) {
    if (!is_host(host))
      wire::refuse_field("safety.linkHosts", "must hold host names, such as shop.example");
    host = lower(host);
  }
  return policy;
}

}  // namespace

Topic Policy::topic(std::string_view name) const {
  for (const Topic& topic : topics) {
    if (topic.name == name) return topic;
  }
  return {std::string(name), {}};
}

Result<std::shared_ptr<const Policy>> Policy::parse(std::string_view json) {
  wire::JsonLimits limits;
  limits.bytes_max = kSettingsBytesMax;
  const Result<Fields> fields = Fields::parse(json, limits);
  if (!fields) return fields.error();
  try {
    return read(*fields);
  } catch (const Raised& wrong) {
    Error error = wrong.error();
    if (!error.details.starts_with("safety")) error.details = "safety." + error.details;
    return error;
  }
}

}  // namespace chatpad::safety

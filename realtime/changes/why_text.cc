#include <algorithm>

#include "realtime/changes/report.h"
#include "realtime/changes/why.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kShownCharsMax = 2000;

std::string_view said_name(Said said) {
  switch (said) {
    case Said::yes:
      return "yes";
    case Said::note:
      return "note";
    case Said::no:
      return "no";
  }
  return "";
}

std::string shown(std::string_view text) {
  std::string one_line(text);
  std::replace(one_line.begin(), one_line.end(), '\n', ' ');
  return printable(one_line, kShownCharsMax);
}

}  // namespace

std::string explanation_text(const Explanation& explanation) {
  std::string out = "Subscriber: " + shown(explanation.subscriber) + "\n\n";
  for (const Finding& finding : explanation.findings) {
    std::string name(said_name(finding.said));
    name.resize(4, ' ');
    out += "  " + name + "  " + shown(finding.sentence) + "\n";
  }
  std::string purpose = "\n";
  for (const PolicyFinding& policy : explanation.policies) {
    if (policy.result == "other roles") continue;
    if (policy.purpose != purpose) {
      purpose = policy.purpose;
      out += "\nPolicies that are asked" + (purpose.empty() ? "" : " to " + purpose) + ":\n";
    }
    out += "  " + shown(policy.name) + " (" + policy.kind + "): " + policy.result;
    if (!policy.problem.empty()) out += ", " + shown(policy.problem);
    out += "\n      " + shown(policy.expression) + "\n";
  }
  return out + "\n" + (explanation.sees ? "YES: " : "NO: ") + shown(explanation.verdict) + "\n";
}

std::string explanation_json(const Explanation& explanation) {
  wire::JsonWriter out;
  out.object()
      .field("sees", explanation.sees)
      .field("verdict", explanation.verdict)
      .field("subscriber", explanation.subscriber)
      .array("findings");
  for (const Finding& finding : explanation.findings) {
    out.object().field("result", said_name(finding.said)).field("sentence", finding.sentence).end();
  }
  out.end().array("policies");
  for (const PolicyFinding& policy : explanation.policies) {
    out.object()
        .field("name", policy.name)
        .field("purpose", policy.purpose)
        .field("kind", policy.kind)
        .field("result", policy.result)
        .field("problem", policy.problem)
        .field("expression", policy.expression)
        .end();
  }
  out.end().end();
  return std::move(out).str() + "\n";
}

}  // namespace chatpad::realtime

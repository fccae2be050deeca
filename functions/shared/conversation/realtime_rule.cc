#include "functions/shared/conversation/realtime_rule.h"

#include <algorithm>
#include <array>

#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr std::array<std::string_view, 24> kReserved = {
    "message.created",      "takeover.started",       "takeover.ended",
    "lead.created",         "conversation.created",   "conversation.updated",
    "config.updated",       "limits.updated",         "answer.delta",
    "answer.failed",        "sessions.ended",         "member.updated",
    "invitation.updated",   "api_key.updated",        "account.updated",
    "audit_export.updated", "knowledge.updated",      "knowledge.synced",
    "knowledge.deleted",    "knowledge.progress",     "safety.alert",
    "lead.updated",         "conversation.escalated", "visitor.updated"};

Error refused(const char* sentence) { return Error(Errc::forbidden, PublicText(sentence)); }

Result<std::string> typing(const edge::Caller& caller, std::string_view payload_json) {
  const Result<wire::Fields> fields = wire::Fields::parse(payload_json);
  if (!fields) return fields.error();
  const auto active = fields->optional_boolean("active");
  wire::JsonWriter out;
  out.object().field("who", caller.kind == edge::CallerKind::visitor ? "visitor" : "human");
  if (caller.kind == edge::CallerKind::user && !caller.display_name.empty()) {
    out.field("name", caller.display_name);
  }
  out.field("active", active.value_or(true)).end();
  return std::move(out).str();
}

}  // namespace

Result<std::string> client_broadcast(const edge::Caller& caller, std::string_view topic,
                                     std::string_view event, std::string_view payload_json) {
  if (std::find(kReserved.begin(), kReserved.end(), event) != kReserved.end()) {
    return refused("This event name is the server's own.");
  }
  if (topic.starts_with("conversation:")) {
    if (event != "typing") return refused("Only typing may be sent on a conversation.");
    try {
      return typing(caller, payload_json);
    } catch (const Raised& wrong_field) {
      return wrong_field.error();
    }
  }
  if (topic.starts_with("account:") || topic.starts_with("agent:")) {
    return refused("Nothing may be sent on this topic.");
  }
  return std::string(payload_json);
}

}  // namespace chatpad::functions

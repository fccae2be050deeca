#include "realtime/changes/why_policies.h"
#include "runtime/base/uuid.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

constexpr const char* kMessages = "realtime.messages";
constexpr const char* kProbeRow =
    "pg_catalog.jsonb_populate_record(null::realtime.messages, $1::jsonb) as messages";

// The row that the hub asks about, as realtime.place_probes and realtime.probe_write make it.
std::string probe_row(const std::string& topic, const std::string& extension) {
  wire::JsonWriter row;
  row.object()
      .field("id", Uuid::random())
      .field("topic", topic)
      .field("extension", extension)
      .field("private", true)
      .raw_field("payload", "{}")
      .raw_field("also_topics", "[]")
      .field("inserted_at", "2000-01-01T00:00:00")
      .field("updated_at", "2000-01-01T00:00:00");
  if (extension == "broadcast") row.field("event", "typing");
  row.end();
  return std::move(row).str();
}

struct Purpose {
  const char* name;
  Command command;
  const char* extension;
  bool Rights::*right;
  const char* allowed;
  const char* refused;
};
constexpr Purpose kPurposes[] = {
    {"read broadcast", Command::select, "broadcast", &Rights::read_broadcast,
     "It receives broadcasts.", "It receives no broadcasts."},
    {"read presence", Command::select, "presence", &Rights::read_presence,
     "It sees who is present.", "It does not see who is present."},
    {"write broadcast", Command::insert, "broadcast", &Rights::write_broadcast, "It may broadcast.",
     "It may not broadcast."},
    {"write presence", Command::insert, "presence", &Rights::write_presence,
     "It may track its presence.", "It may not track its presence."},
};

// Inserting needs the table's privileges as well.
std::string missing_grant(const pg::Rows& rows, const Purpose& purpose) {
  const bool reads = purpose.command == Command::select;
  if (rows.boolean(0, reads ? 1 : 2)) return "";
  return std::string(" Its role has no ") + (reads ? "select" : "insert") +
         " privilege on realtime.messages.";
}

// Was it sent to this topic at all? Read past the policies.
Task<void> look_for_event(WhyDatabase database, std::string topic, std::string event_id,
                          Explanation* out) {
  if (event_id.empty()) co_return;
  const pg::Claims service = pg::service_claims();
  pg::Params params(event_id, topic);
  const pg::Rows rows = co_await ask_as(
      database.service, service,
      "select topic = $2 or $2 = any (also_topics), private, topic, event, inserted_at "
      "from realtime.messages where id = $1::uuid",
      params);
  if (rows.empty()) {
    out->add(Said::no,
             "There is no event with this id: its transaction was rolled back, or it is "
             "older than the three days that events are kept.");
  } else if (!rows.boolean(0, 0)) {
    out->add(Said::no, "The event is for the topic " + rows.str(0, 2) + ", not for this one.");
  } else if (!rows.boolean(0, 1)) {
    out->add(Said::no,
             "The event is for the public channel of this name, which is another room "
             "than the private one.");
  } else {
    out->add(Said::yes, "The event " + rows.str(0, 3) + " was written for this topic at " +
                            rows.str(0, 4) + " UTC.");
  }
}

}  // namespace

Task<Explanation> explain_topic(WhyDatabase database, pg::Claims claims, std::string topic,
                                std::string event_id) {
  Explanation out;
  const std::string role(pg::role_name(claims.role));
  Rights rights;
  std::string raised_text;
  PgRights probe(*database.callers);
  try {
    const Rights found = co_await probe.probe(claims, topic);
    rights = found;
  } catch (const Raised& raised) {
    raised_text = raised.error().cause.value;
  }
  if (claims.role == pg::Role::service_role) {
    out.sees = true;
    out.add(Said::yes, "The service role passes every policy.");
    out.verdict = "It may do everything on this topic.";
    co_return out;
  }
  pg::Params params(role, topic);
  const pg::Rows facts = co_await ask_as(
      database.callers, claims,
      "select 'realtime.messages'::regclass::oid, "
      "has_table_privilege($1::name, 'realtime.messages', 'select'), "
      "has_table_privilege($1::name, 'realtime.messages', 'insert'), realtime.is_reserved($2)",
      params);
  const std::string table = facts.str(0, 0);
  if (facts.boolean(0, 3)) {
    out.add(Said::note, "The topic is one of ChatPad's own: policies of a project do not open it.");
  }
  co_await look_for_event(database, topic, event_id, &out);
  const std::string missing = out.findings.empty() || out.findings.back().said != Said::no
                                  ? std::string()
                                  : out.findings.back().sentence;
  std::string objection;
  for (const Purpose& purpose : kPurposes) {
    PolicyRow row;
    row.from = kProbeRow;
    row.value = probe_row(topic, purpose.extension);
    row.topic = topic;
    std::vector<PolicyFinding> policies =
        co_await evaluate_policies(database.callers, claims, table, purpose.command, row);
    const bool may = rights.*purpose.right;
    const std::string grant = missing_grant(facts, purpose);
    const std::string why = may ? "" : grant.empty() ? " " + objection_of(policies, role) : grant;
    out.add(may ? Said::yes : Said::no, (may ? purpose.allowed : purpose.refused) + why);
    if (objection.empty() && purpose.command == Command::select) objection = why;
    for (PolicyFinding& policy : policies) {
      policy.purpose = purpose.name;
      out.policies.push_back(std::move(policy));
    }
  }
  out.sees = rights.may_join();
  if (!raised_text.empty()) {
    out.verdict =
        "The join fails: asking " + std::string(kMessages) + " raises " + raised_text + ".";
  } else if (!missing.empty()) {
    out.sees = false;
    out.verdict = missing;
  } else if (out.sees) {
    out.verdict =
        "It may join the private channel. A public channel of the same name is another room: what "
        "is sent to one does not reach the other.";
  } else {
    out.verdict = "It may not join the private channel." + objection;
  }
  co_return out;
}

}  // namespace chatpad::realtime

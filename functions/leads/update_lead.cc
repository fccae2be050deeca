// POST /functions/v1/update-lead: what became of a lead, or who looks after it.
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::leads::update_lead {
using namespace chatpad::edge;

struct Input {
  Uuid lead_id;
  std::string changes;
  static Input read(const wire::Fields& f) {
    Input in;
    in.lead_id = f.uuid("leadId");
    const auto status =
        f.optional_choice("status", {"new", "contacted", "qualified", "converted", "lost"});
    wire::JsonWriter changes;
    changes.object();
    if (status) changes.field("status", *status);
    if (f.present("assignedTo")) changes.field("assignedTo", f.optional_uuid("assignedTo"));
    changes.end();
    if (!status && !f.present("assignedTo")) {
      wire::refuse_field("status", "must be given, or assignedTo");
    }
    in.changes = std::move(changes).str();
    return in;
  }
};

constexpr pg::Statement kStatement{"update_lead", "select api.update_lead($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.lead_id, input.changes);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Change a lead's status, or who looks after it",
          .handle = handle};
}

}  // namespace chatpad::functions::leads::update_lead

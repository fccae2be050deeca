// POST /functions/v1/set-knowledge-access: who a source of an agent's knowledge is shown to. It
// holds from the next answer and the next search on.
#include "functions/shared/knowledge/groups.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::set_knowledge_access {
using namespace chatpad::edge;

struct Input {
  Uuid source_id;
  std::optional<std::string> acl_mode;
  std::optional<std::string> sensitivity;
  std::optional<std::string> acl_groups;
  static Input read(const wire::Fields& f) {
    Input in;
    in.source_id = f.uuid("sourceId");
    in.acl_mode = f.optional_choice("aclMode", {"public", "rbac", "abac"});
    in.sensitivity =
        f.optional_choice("sensitivity", {"public", "internal", "confidential", "restricted"});
    if (f.has("aclGroups")) {
      in.acl_groups =
          chatpad::knowledge::group_array(chatpad::knowledge::read_groups(f, "aclGroups"));
    }
    return in;
  }
};

constexpr pg::Statement kSet{"set_knowledge_access",
                             "select api.set_knowledge_access($1, $2, $3, $4)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.source_id, input.acl_mode, input.sensitivity, input.acl_groups);
  std::string body = co_await call.db().json(kSet, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::api_key,
          .body_bytes_max = 16_KiB,
          .rate = per_caller(60, 60),
          .summary = "Who a source of knowledge is shown to",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::set_knowledge_access

// An endpoint that takes one id and answers what one statement makes of it, as the caller:
//
//   Task<Reply> handle(Call call) { return answer_by_id(call, "accountId", kStatement); }
//
// The statement takes the id and returns JSON that is ready to send. `act_by_id` gives it where the
// request came from as well, for the audit log. No row is not_found. An endpoint that reads more
// than an id has an Input of its own.
#pragma once

#include "runtime/edge/call.h"
#include "runtime/edge/reply.h"
#include "runtime/pg/types.h"

namespace chatpad::functions {

// `field` is a literal.
Task<edge::Reply> answer_by_id(edge::Call call, std::string_view field, pg::Statement statement);
Task<edge::Reply> act_by_id(edge::Call call, std::string_view field, pg::Statement statement);

}  // namespace chatpad::functions

// POST /functions/v1/list-mails: the outbox, the newest first. Of a mail that waits, what it says:
// without a mail server that is where links are found. Super admins and the service see everything,
// an account's admins what was written for their account.
#include "functions/shared/mail/compose.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::list_mails {
using namespace chatpad::edge;

constexpr int kMails = 50;
constexpr pg::Statement kList{
    "list_mails", "select kind, recipient, sealed, \"row\" from api.list_mails($1, $2)"};

struct Input {
  std::optional<Uuid> account_id;
  int64_t limit = kMails;
  static Input read(const wire::Fields& f) {
    return {f.optional_uuid("accountId"), f.optional_integer("limit", 1, 200).value_or(kMails)};
  }
};

// The row with the mail's text in it.
std::string shown(const Config& config, const pg::Rows& rows, int row) {
  std::string object = rows.str(row, 3);
  if (rows.is_null(row, 2)) return object;
  const Result<Mail> mail = read_mail(config, rows.text(row, 0), rows.text(row, 2));
  if (!mail) return object;
  wire::JsonWriter said;
  said.object()
      .field("subject", mail->subject)
      .field("text", mail->text)
      .field("link", mail->link)
      .field("code", mail->code)
      .end();
  object.back() = ',';
  return object + said.view().substr(1);
}

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.limit);
  // The service role has connections of its own.
  const bool service = call.caller().kind == CallerKind::service;
  const Db db = service ? call.service() : call.db();
  pg::Rows rows = co_await db.rows(kList, std::move(params));
  wire::JsonWriter out;
  out.object().array("mails");
  for (int row = 0; row < rows.size(); ++row) {
    out.raw(shown(call.context().config(), rows, row));
  }
  out.end().end();
  co_return ok(std::move(out).str());
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::service,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(60, 10),
          .summary = "The mails of the outbox",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::list_mails

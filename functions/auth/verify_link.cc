// GET /auth/v1/verify?token=...&type=...&redirect_to=...: the link of a mail, opened in a browser.
// It ends at an allowed page: with the session in the fragment, with a code for a client that began
// with a PKCE challenge, or with what went wrong. HEAD, which mail scanners send, uses nothing up.
#include "functions/shared/account/redirect.h"
#include "functions/shared/account/rules.h"
#include "functions/shared/account/sign_in.h"
#include "functions/shared/account/verification.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::verify_link {
using namespace chatpad::edge;

constexpr std::string_view kExpired = "Email link is invalid or has expired";

Task<Reply> arrive(Call call, Verification verified, std::string type) {
  const std::string to = allowed_redirect(call.context().config(), verified.redirect_to);
  if (!verified.flow_id.empty()) {
    std::string code = co_await issue_code(call, verified.flow_id, verified.user_id);
    UrlParameters query;
    query.add("code", code);
    co_return redirect(with_query(to, query));
  }
  SessionParts parts = co_await start_session(call, verified.user_id, "otp");
  co_return redirect(with_fragment(to, session_parameters(issue(call.context(), parts), type)));
}

Task<Reply> handle(Call call) {
  if (call.request().method == http::Method::head) co_return no_content();
  const Config& config = call.context().config();
  std::string type = call.query("type").value_or("");
  std::string token = call.query("token").value_or("");
  const std::string fallback = allowed_redirect(config, call.query("redirect_to"));
  const Verification verified = co_await functions::verify_link(call, type, token);
  if (verified.outcome == Verification::Outcome::banned) {
    co_return redirect(with_problem(fallback, "access_denied", "user_banned", "User is banned"));
  }
  if (verified.outcome == Verification::Outcome::expired) {
    co_return redirect(with_problem(fallback, "access_denied", "otp_expired", kExpired));
  }
  if (verified.outcome == Verification::Outcome::half) {
    UrlParameters told;
    told.add("message", kHalfConfirmed);
    co_return redirect(with_fragment(allowed_redirect(config, verified.redirect_to), told));
  }
  Reply reply = co_await arrive(call, verified, type);
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/verify",
          .auth = Auth::anyone,
          .rate = per_address(30, 300),
          .summary = "The link of a mail: signs in and goes on to the page",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::verify_link

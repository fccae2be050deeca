#include "functions/shared/external/landing.h"

#include "functions/shared/account/identity.h"
#include "functions/shared/account/one_time.h"
#include "functions/shared/account/redirect.h"
#include "functions/shared/account/sign_in.h"
#include "runtime/base/log.h"
#include "runtime/edge/context.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kCode{"sign_in_flow_code",
                              "select api.sign_in_flow_code($1, $2, $3, $4, $5)"};
constexpr pg::Statement kLink{"auth_link_identity", "select api.auth_link_identity($1, $2)"};
constexpr pg::Statement kMayLink{"auth_may_link", "select api.auth_may_link($1, $2)"};

constexpr pg::Statement kBegin{"auth_begin_link", "select api.auth_begin_link($1, $2)"};

constexpr std::string_view kSealedFor = "auth.flow_state.provider_tokens";

std::string sealing_key(const edge::Context& context) {
  return wire::hkdf_sha256(context.config().jwt_secret, "chatpad", "provider-tokens",
                           wire::kAesKeyBytes);
}

std::optional<std::string> sealed_tokens(const edge::Context& context, const Vouched& who) {
  if (who.access_token.empty()) return std::nullopt;
  wire::JsonWriter out;
  out.object().field("access", who.access_token).field("refresh", who.refresh_token).end();
  return wire::base64url_encode(wire::aes_gcm_seal(sealing_key(context), out.view(), kSealedFor));
}

Task<std::string> code_for(edge::Call call, std::string flow_id, std::string user_id,
                           std::optional<std::string> tokens, std::optional<std::string> identity) {
  std::string code = random_token();
  pg::Params params(flow_id, user_id, link_hash_hex(code), tokens, identity);
  co_await call.service().rows(kCode, std::move(params));
  co_return code;
}

std::string page_with_code(const std::string& page, const std::string& code) {
  UrlParameters query;
  query.add("code", code);
  return with_query(page, query);
}

Task<edge::Reply> with_session(edge::Call call, TakenFlow flow, std::string user_id,
                               std::string method, Vouched who) {
  const SessionParts parts = co_await start_session(call, std::move(user_id), std::move(method));
  IssuedSession session = issue(call.context(), parts);
  session.provider_token = who.access_token;
  session.provider_refresh_token = who.refresh_token;
  co_return redirect(with_fragment(flow.redirect_to, session_parameters(session, "")));
}

std::string method_of(const TakenFlow& flow) { return flow.provider->saml ? "sso/saml" : "oauth"; }

Task<edge::Reply> land_link(edge::Call call, TakenFlow flow, Vouched who) {
  edge::Reply reply;
  const std::string identity = identity_json(call.context().config(), who.person.identity);
  if (flow.flow_id.empty()) {
    co_await link_identity(call, flow.link_user_id, who.person.identity);
    std::string method = method_of(flow);
    std::string user_id = flow.link_user_id;
    reply = co_await with_session(call, std::move(flow), std::move(user_id), std::move(method),
                                  std::move(who));
    co_return reply;
  }
  pg::Params params(flow.link_user_id, identity);
  co_await call.service().rows(kMayLink, std::move(params));
  const std::optional<std::string> tokens = sealed_tokens(call.context(), who);
  const std::optional<std::string> linked(identity);
  const std::string code = co_await code_for(call, flow.flow_id, flow.link_user_id, tokens, linked);
  reply = redirect(page_with_code(flow.redirect_to, code));
  co_return reply;
}

}  // namespace

Task<edge::Reply> land(edge::Call call, TakenFlow flow, Vouched who) {
  edge::Reply reply;
  if (!flow.link_user_id.empty()) {
    reply = co_await land_link(call, std::move(flow), std::move(who));
    co_return reply;
  }
  std::string user_id = co_await user_of_identity(call, who.person.identity);
  if (flow.flow_id.empty()) {
    std::string method = method_of(flow);
    reply = co_await with_session(call, std::move(flow), std::move(user_id), std::move(method),
                                  std::move(who));
    co_return reply;
  }
  const std::optional<std::string> tokens = sealed_tokens(call.context(), who);
  const std::optional<std::string> none;
  const std::string code = co_await code_for(call, flow.flow_id, user_id, tokens, none);
  reply = redirect(page_with_code(flow.redirect_to, code));
  co_return reply;
}

edge::Reply landed_wrong(const edge::Call& call, const std::string& page, const Error& error) {
  const ErrorInfo& info = error_info(error.errc);
  const std::string_view code =
      error.errc == Errc::internal ? std::string_view("unexpected_failure") : info.code;
  const std::string_view kind = info.http_status >= 500   ? "server_error"
                                : info.http_status == 400 ? "invalid_request"
                                                          : "access_denied";
  const std::string_view text =
      error.message.value.empty() ? info.hint : std::string_view(error.message.value);
  log::Line(LogLevel::info, "sign_in_refused")
      .field("code", info.code)
      .field("cause", error.cause.value)
      .field("request_id", call.request_id());
  return redirect(with_problem(page, kind, code, text));
}

void add_provider_tokens(const edge::Context& context, const RedeemedFlow& redeemed,
                         IssuedSession& session) {
  if (redeemed.provider_tokens.empty()) return;
  const auto bytes = wire::base64url_decode(redeemed.provider_tokens);
  const auto text =
      bytes ? wire::aes_gcm_open(sealing_key(context), *bytes, kSealedFor) : std::nullopt;
  if (!text) raise(Errc::internal, {}, LogText("sealed tokens of a provider do not open"));
  const wire::Fields tokens = wire::Fields::parse(*text).or_raise();
  session.provider_token = tokens.string("access", 0, wire::kJsonBytesMax);
  session.provider_refresh_token = tokens.string("refresh", 0, wire::kJsonBytesMax);
}

Task<void> require_may_link(edge::Call call) {
  const edge::Caller& caller = call.caller();
  pg::Params params(caller.subject, std::optional<Uuid>(Uuid::parse(caller.session_id)));
  co_await call.service().rows(kBegin, std::move(params));
}

Task<void> link_identity(edge::Call call, std::string user_id, ExternalIdentity identity) {
  pg::Params params(user_id, identity_json(call.context().config(), identity));
  co_await call.service().rows(kLink, std::move(params));
}

}  // namespace chatpad::functions

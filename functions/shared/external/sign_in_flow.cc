#include "functions/shared/external/sign_in_flow.h"

#include "functions/shared/account/one_time.h"
#include "runtime/edge/context.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kStart{"sign_in_flow_start", "select api.sign_in_flow_start($1)"};
constexpr pg::Statement kTake{
    "sign_in_flow_take",
    "select f->'provider', f->>'flowId', f->>'linkUserId', f->>'address', f->>'redirectTo', "
    "f->>'browserHash', (f->>'expired')::boolean from api.sign_in_flow_take($1) f "
    "where f is not null"};

// A handle of start_link is no state, and a state no handle.
constexpr std::string_view kHandle = "begin ";
constexpr size_t kRequestIdChars = 40;

std::string cookie_name(std::string_view state) {
  return "cp_flow_" + wire::sha256_hex(state).substr(0, 12);
}

// The value of a cookie (RFC 6265, 5.4), of any of the request's headers.
std::string_view cookie(const edge::Call& call, std::string_view name) {
  for (const http::Header& header : call.request().headers) {
    if (header.name != "cookie") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t end = rest.find(';');
      std::string_view pair = rest.substr(0, end);
      while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
      if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
        return pair.substr(name.size() + 1);
      }
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  return {};
}

std::string start_json(const FlowStart& start, std::string_view hashed, int expires_s) {
  wire::JsonWriter p;
  p.object()
      .field("stateHash", link_hash_hex(hashed))
      .field("providerId", start.provider_id)
      .field("redirectTo", start.redirect_to)
      .field("how", start.method)
      .raw_field("flow", flow_json(start.challenge))
      .field("expiresS", expires_s);
  if (!start.link_user_id.empty()) p.field("linkUserId", start.link_user_id);
  if (!start.address.empty()) p.field("address", start.address);
  if (!start.browser.empty()) p.field("browserHash", link_hash_hex(start.browser));
  p.end();
  return std::move(p).str();
}

Task<std::optional<TakenFlow>> take(edge::Call call, std::string state, std::string hashed) {
  std::optional<TakenFlow> taken;
  pg::Params params(link_hash_hex(hashed));
  pg::Rows rows = co_await call.service().rows(kTake, std::move(params));
  if (rows.size() == 1) {
    taken.emplace();
    taken->provider = provider_of(call.context(), rows.text(0, 0));
    taken->secrets = flow_secrets(call.context().config(), std::move(state));
    taken->flow_id = rows.str(0, 1);
    taken->link_user_id = rows.str(0, 2);
    taken->address = rows.str(0, 3);
    taken->redirect_to = rows.str(0, 4);
    taken->browser_hash = rows.str(0, 5);
    taken->expired = rows.boolean(0, 6);
  }
  co_return taken;
}

}  // namespace

FlowSecrets flow_secrets(const Config& config, std::string state) {
  const std::string key = wire::hkdf_sha256(config.jwt_secret, "chatpad", "sign-in-flow", 32);
  const auto derived = [&](std::string_view what) {
    return wire::hmac_sha256(key, std::string(what) + ' ' + state);
  };
  FlowSecrets secrets;
  secrets.nonce = wire::base64url_encode(wire::bytes_of(derived("nonce")));
  secrets.verifier = wire::base64url_encode(wire::bytes_of(derived("verifier")));
  secrets.request_id =
      "_" + wire::hex_encode(wire::bytes_of(derived("request"))).substr(0, kRequestIdChars);
  secrets.state = std::move(state);
  return secrets;
}

Task<FlowSecrets> begin_flow(edge::Call call, FlowStart start) {
  FlowSecrets secrets = flow_secrets(call.context().config(), random_token());
  pg::Params params(start_json(start, secrets.state, kFlowS));
  co_await call.service().rows(kStart, std::move(params));
  co_return secrets;
}

Task<StartLink> start_link(edge::Call call, FlowStart start) {
  const Config& config = call.context().config();
  const std::string handle = random_token();
  pg::Params params(start_json(start, std::string(kHandle) + handle, kBeginS));
  co_await call.service().rows(kStart, std::move(params));
  StartLink link;
  link.url = config.public_url + "/auth/v1/authorize?flow=" + handle;
  if (!start.browser.empty()) {
    const FlowSecrets secrets = flow_secrets(config, handle);
    link.cookie = flow_cookie(config, secrets, start.browser, ComesBack::by_link);
  }
  co_return link;
}

Task<std::optional<TakenFlow>> take_flow(edge::Call call, std::string state) {
  return take(call, state, state);
}

Task<std::optional<TakenFlow>> take_start_link(edge::Call call, std::string handle) {
  return take(call, handle, std::string(kHandle) + handle);
}

void require_own(const edge::Call& call, const TakenFlow& flow) {
  if (flow.expired || !flow.provider) raise(Errc::bad_oauth_state);
  if (!flow.address.empty() && flow.address != call.client_address()) {
    raise(Errc::bad_oauth_state, {}, LogText("the flow was begun from another address"));
  }
  if (flow.browser_hash.empty()) return;
  const std::string_view value = cookie(call, cookie_name(flow.secrets.state));
  if (!wire::constant_time_equal(wire::sha256_hex(value), flow.browser_hash)) {
    raise(Errc::bad_oauth_state, {}, LogText("the flow belongs to another browser"));
  }
}

std::string flow_cookie(const Config& config, const FlowSecrets& secrets, std::string_view browser,
                        ComesBack how) {
  std::string line = cookie_name(secrets.state) + "=" + std::string(browser) +
                     "; Path=/auth/; HttpOnly; Max-Age=" + std::to_string(kFlowS);
  if (how == ComesBack::cross_site) return line + "; SameSite=None; Secure";
  return line + "; SameSite=Lax" + (config.public_url.starts_with("https://") ? "; Secure" : "");
}

}  // namespace chatpad::functions

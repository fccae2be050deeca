#include "runtime/edge/auth.h"

#include "runtime/base/clock.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::edge {
namespace {

constexpr std::string_view kApiKeyPrefix = "cp_";
constexpr std::string_view kPersonAudience = "authenticated";
constexpr std::string_view kBrowserAgent = "Mozilla/";  // every browser's User-Agent begins so
constexpr pg::Statement kResolve{
    "resolve_api_key",
    "select c, c->>'key_id', c->>'account_id', coalesce((select string_agg(s, ' ') from "
    "jsonb_array_elements_text(c->'scopes') s), ''), c->>'rate_per_min' "
    "from api.resolve_api_key($1) c"};

// "Bearer x" in two words; nullopt for anything else.
std::optional<std::string_view> bearer_token(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() <= kScheme.size()) return std::nullopt;
  for (size_t i = 0; i < kScheme.size(); ++i) {
    const char c = header[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kScheme[i]) return std::nullopt;
  }
  const std::string_view token = header.substr(kScheme.size());
  if (token.find(' ') != std::string_view::npos) return std::nullopt;
  return token;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    words.emplace_back(text.substr(0, space));
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  }
  return words;
}

// A person's token is for people (aud) and names one; a visitor's names visitor, agent and account.
// A session that is named has the shape of one; whether it lives is for who needs to know to ask.
bool subject_fits_role(const wire::Claims& claims) {
  const auto is_uuid = [](const std::string& text) { return Uuid::parse(text).has_value(); };
  if (!claims.session_id.empty() && !is_uuid(claims.session_id)) return false;
  if (claims.role == "authenticated") return claims.aud == kPersonAudience && is_uuid(claims.sub);
  if (claims.role != "visitor") return true;
  return is_uuid(claims.sub) && is_uuid(claims.agent_id) && is_uuid(claims.account_id);
}

Caller caller_of(const wire::Claims& claims) {
  Caller caller;
  caller.claims.json = claims.payload_json;
  caller.subject = claims.sub;
  caller.session_id = claims.session_id;
  caller.expires_at_s = claims.exp;
  caller.display_name = claims.name;
  if (claims.role == "service_role") {
    caller.kind = CallerKind::service;
    caller.claims.role = pg::Role::service_role;
  } else if (claims.role == "authenticated") {
    caller.kind = CallerKind::user;
    caller.second_factor_due = claims.second_factor == "due";
    caller.claims.role = pg::Role::authenticated;
  } else if (claims.role == "visitor") {
    caller.kind = CallerKind::visitor;
    caller.claims.role = pg::Role::visitor;
    caller.agent_id = Uuid::parse(claims.agent_id);
    caller.account_id = Uuid::parse(claims.account_id);
    caller.origin = claims.origin;
  } else {
    caller.kind = CallerKind::anon;
    caller.claims.role = pg::Role::anon;
  }
  return caller;
}

}  // namespace

Result<Credentials> credentials_of(const http::Request& request) {
  return credentials_of(request.header("authorization"), request.header("apikey"));
}

Result<Credentials> credentials_of(std::string_view authorization, std::string_view apikey) {
  if (authorization.size() > kCredentialBytesMax || apikey.size() > kCredentialBytesMax) {
    return Error(Errc::bad_jwt, PublicText("The token is larger than any token of ours."));
  }
  Credentials credentials;
  if (!authorization.empty()) {
    const auto token = bearer_token(authorization);
    if (!token) {
      return Error(Errc::no_authorization,
                   PublicText("The Authorization header must be: Bearer <token>."));
    }
    if (token->starts_with(kApiKeyPrefix)) {
      credentials.api_key = *token;
    } else if (!token->starts_with(kProjectKeyPrefix)) {
      credentials.token = *token;
    } else if (*token != apikey) {
      return Error(Errc::invalid_api_key,
                   PublicText("A key as Bearer has to be the same as in the apikey header."));
    }
  }
  if (credentials.api_key.empty() && apikey.starts_with(kApiKeyPrefix))
    credentials.api_key = apikey;
  if (credentials.token.empty() && credentials.api_key.empty()) credentials.token = apikey;
  return credentials;
}

Result<void> refuse_in_browser(const Caller& caller, std::string_view token,
                               std::string_view user_agent) {
  const bool published = caller.kind == CallerKind::service &&
                         token.starts_with(kProjectKeyPrefix) &&
                         user_agent.starts_with(kBrowserAgent);
  if (published) {
    return Error(Errc::invalid_api_key,
                 PublicText("A secret key never belongs in a browser; use the publishable one."));
  }
  return {};
}

Result<Caller> Authenticator::verify(std::string_view token) const {
  if (token.starts_with(kProjectKeyPrefix)) {
    std::optional<Caller> project = ring_->project_caller(token);
    if (!project) return Error(Errc::invalid_api_key);
    return *std::move(project);
  }
  auto claims = cache_.verify(token, wall_s());
  if (!claims) {
    Error error = claims.error();
    if (error.details == wire::kTokenExpired) {
      error.message = PublicText("The token has expired; get a new one.");
    }
    if (error.cause.value == wire::kJwtKeyUnknown && unknown_key_) unknown_key_();
    return error;
  }
  if (!subject_fits_role(**claims)) {
    return Error(Errc::bad_jwt, PublicText(), LogText("subject or audience does not fit the role"));
  }
  if ((*claims)->role == "authenticated" &&
      ended_.has((*claims)->session_id, (*claims)->sub, (*claims)->iat)) {
    return Error(Errc::session_not_found);
  }
  return caller_of(**claims);
}

bool Authenticator::use(KeyRingRef ring) {
  const bool lost = ring->has_lost_one_of(*ring_);
  cache_.use(ring->verifier());
  ring_ = std::move(ring);
  return lost;
}

const Caller* Authenticator::cached_key(std::string_view key) {
  const Caller* known = keys_.find(wire::sha256_hex(key), loop_.now_ms());
  if (known && uses_) uses_->note(known->subject);
  return known;
}

Task<Caller> Authenticator::look_up(std::string key) {
  const std::string hash = wire::sha256_hex(key);
  const uint64_t generation = keys_.generation();
  pg::Claims nobody{pg::Role::none, "{}"};
  pg::Rows rows = co_await pool_.once(std::move(nobody), kResolve, pg::Params("\\x" + hash));
  if (rows.size() != 1 || rows.is_null(0, 0)) raise(Errc::invalid_api_key);
  Caller caller;
  caller.kind = CallerKind::api_key;
  caller.claims = pg::Claims{pg::Role::api_key, rows.str(0, 0)};
  caller.subject = rows.str(0, 1);
  caller.account_id = rows.uuid(0, 2);
  caller.scopes = split_words(rows.text(0, 3));
  caller.rate_per_min = static_cast<uint32_t>(rows.integer(0, 4));
  if (uses_) uses_->note(caller.subject);
  keys_.keep(hash, caller, loop_.now_ms(), generation);
  co_return caller;
}

std::string Authenticator::visitor_token(const Uuid& visitor, const Uuid& agent,
                                         const Uuid& account, std::string_view origin,
                                         int64_t expires_at_s) const {
  wire::JsonWriter payload;
  payload.object()
      .field("role", "visitor")
      .field("sub", visitor)
      .field("agent_id", agent)
      .field("account_id", account)
      .field("origin", origin)
      .field("iat", wall_s())
      .field("exp", expires_at_s)
      .end();
  return ring_->verifier().sign_with_secret(payload.view());
}

}  // namespace chatpad::edge

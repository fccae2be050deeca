#include "functions/shared/account/oauth.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/wire/crypto.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"
#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

constexpr std::string_view kBasic = "basic ";

Error invalid(std::string_view name, std::string sentence) {
  Error error(Errc::validation_failed, PublicText(std::move(sentence)));
  error.details = name;
  return error;
}

bool is_basic(std::string_view header) {
  return header.size() > kBasic.size() &&
         std::equal(kBasic.begin(), kBasic.end(), header.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
         });
}

// Of a form, '+' is a blank in both halves (appendix B).
std::optional<std::string> form_decoded(std::string_view text) {
  const auto query = wire::Query::parse("x=" + std::string(text));
  if (!query || query->items().size() != 1) return std::nullopt;
  return query->items().front().second;
}

}  // namespace

Result<TokenRequest> TokenRequest::parse(std::string_view body, std::string_view authorization) {
  TokenRequest request;
  const auto put = [&request](const std::string& name, const std::string& value) {
    return value.size() <= kOAuthParameterBytesMax &&
           (value.empty() || request.parameters_.emplace(name, value).second);
  };
  const size_t first = body.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && body[first] == '{') {
    const auto json = wire::parse_json(body);
    if (!json) return Error(Errc::bad_json);
    for (const auto& [name, value] : json->items()) {
      if (value.is_null()) continue;
      if (!value.is_string() || !put(name, value.get<std::string>())) {
        return invalid(name, "A parameter must be a text of at most 4096 bytes.");
      }
    }
  } else {
    const auto form = wire::Query::parse(body);
    if (!form) return invalid("", "The body must be a form or a JSON object.");
    for (const auto& [name, value] : form->items()) {
      if (!put(name, value))
        return invalid(name, "A parameter must come once, of at most 4096 bytes.");
    }
  }
  request.client_id_ = request.optional("client_id").value_or("");
  request.client_secret_ = request.optional("client_secret").value_or("");
  if (authorization.empty()) return request;
  const auto pair = is_basic(authorization)
                        ? wire::base64_decode(authorization.substr(kBasic.size()))
                        : std::nullopt;
  const size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return Error(Errc::invalid_api_key);
  if (!request.client_secret_.empty()) {
    return invalid("client_secret", "The client must authenticate in one way, not in two.");
  }
  const auto id = form_decoded(std::string_view(*pair).substr(0, colon));
  const auto secret = form_decoded(std::string_view(*pair).substr(colon + 1));
  if (!id || !secret) return Error(Errc::invalid_api_key);
  request.client_id_ = *id;
  request.client_secret_ = *secret;
  return request;
}

std::optional<std::string> TokenRequest::optional(std::string_view name) const {
  const auto found = parameters_.find(name);
  if (found == parameters_.end()) return std::nullopt;
  return found->second;
}

std::string TokenRequest::required(std::string_view name) const {
  auto value = optional(name);
  if (!value) wire::refuse_field(name, "must be given");
  return *std::move(value);
}

}  // namespace chatpad::functions

// A token request of OAuth 2 (RFC 6749): its parameters, as a form or as a JSON object, and the
// client's credential, in the body or as HTTP Basic (2.3.1).
//
// Errors: validation_failed for a parameter that is missing, doubled or too long, or for two
// credentials; bad_json. The dispatch words them as the RFC asks (runtime/edge/reply.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace chatpad::functions {

constexpr size_t kOAuthParameterBytesMax = 4096;

class TokenRequest {
 public:
  // `authorization`: the header, empty when there is none.
  static Result<TokenRequest> parse(std::string_view body, std::string_view authorization);

  // An empty parameter counts as absent (3.2).
  std::optional<std::string> optional(std::string_view name) const;
  std::string required(std::string_view name) const;
  // The client's, of the header or the body; empty when there is none.
  const std::string& client_id() const { return client_id_; }
  const std::string& client_secret() const { return client_secret_; }

 private:
  std::map<std::string, std::string, std::less<>> parameters_;
  std::string client_id_, client_secret_;
};

}  // namespace chatpad::functions

// A token request is parsed or refused, whatever its body and header are: what comes out is
// bounded, and a credential of the header is the client's alone.
//
// uses: functions/shared/account/oauth.cc runtime/wire/url.cc runtime/wire/crypto.cc
// uses: runtime/wire/json.cc runtime/wire/json_check.cc runtime/wire/fields.cc
// uses: runtime/base/error.cc runtime/base/check.cc runtime/base/uuid.cc
// links: -lcrypto
#include "functions/shared/account/oauth.h"
#include "runtime/base/check.h"

using namespace chatpad;
using namespace chatpad::functions;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const std::string_view header = line == std::string_view::npos ? "" : text.substr(0, line);
  const std::string_view body = line == std::string_view::npos ? text : text.substr(line + 1);
  const Result<TokenRequest> request = TokenRequest::parse(body, header);
  if (!request) return 0;
  for (const char* name : {"grant_type", "client_id", "client_secret", "scope", "tenant_id"}) {
    const auto value = request->optional(name);
    if (value) CHECK(!value->empty() && value->size() <= kOAuthParameterBytesMax, "bounded");
  }
  if (!header.empty()) {
    CHECK(!request->optional("client_secret"), "one way to authenticate, not two");
  }
  return 0;
}

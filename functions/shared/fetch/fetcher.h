// Fetcher: the loop's one client for URLs that tenants give (runtime/http/safe_fetch.h), with the
// networks that the operator opened (CHATPAD_FETCH_ALLOW).
//
//   SafeClient& client = call.context().local<Fetcher>().client();
//   http::Response response = co_await http::safe_fetch(client, std::move(request));
#pragma once

#include "functions/shared/fetch/fetch_options.h"
#include "runtime/edge/context.h"
#include "runtime/http/safe_fetch.h"

namespace chatpad::functions {

class Fetcher {
 public:
  explicit Fetcher(edge::Context& context)
      : client_(context.loop(), fetch_options(context.config())) {}
  http::SafeClient& client() { return client_; }

 private:
  http::SafeClient client_;
};

}  // namespace chatpad::functions

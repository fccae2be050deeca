// StripeClient: asks Stripe's API for pages to send a person to. One per loop (Context::local).
//
// Errors: not_supported without CHATPAD_STRIPE_SECRET_KEY; upstream_failed and deadline_exceeded
// when Stripe does not answer as it should (what it said goes to the log, never to the client).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/coro/task.h"
#include "runtime/edge/context.h"
#include "runtime/http/client.h"

namespace chatpad::functions {

using StripeForm = std::vector<std::pair<std::string, std::string>>;

class StripeClient {
 public:
  static constexpr uint64_t kAnswerMs = 8000;
  static constexpr size_t kAnswerBytesMax = 256 * 1024;

  explicit StripeClient(edge::Context& context)
      : config_(context.config()), client_(context.loop(), http::ClientOptions()) {}

  // The `url` of what POST /v1/<path> made.
  Task<std::string> page(std::string path, StripeForm form);

 private:
  const Config& config_;
  http::Client client_;
};

}  // namespace chatpad::functions

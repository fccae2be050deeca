// Router: which service is asked for an answer, with whose key, and in which order; and what is
// known of how the services are doing. One per loop.
//
//   std::vector<ChainEntry> order = router.order(prompt);       // the agent's chain, as routed
//   Target target = co_await router.target(prompt.key_owner(), entry);  // where, with which key
//
// The account's own key (a secret of the account, "openai.api_key" unless the entry names another)
// comes before the server's. `custom` addresses are tenants' words: they are fetched as such
// (safe_fetch.h: public addresses only, whatever the operator allows for the server's own services)
// and never get a key of the server, nor a secret of the account that is not called custom.*: the
// address is a manager's word, the secrets are the admins'. One account has kCustomTurnsMax of them
// at a time (turns.h).
//
// Errors: not_found of no key where one is needed is a refused failure, not an exception.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "functions/shared/ai/agent_settings.h"
#include "functions/shared/ai/breaker.h"
#include "functions/shared/ai/model_request.h"
#include "functions/shared/ai/provider.h"
#include "functions/shared/ai/turns.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"
#include "runtime/http/client.h"
#include "runtime/http/safe_fetch.h"

namespace chatpad::functions::ai {

constexpr size_t kModelTransfersMax = 2'000;  // streams of language models at once, per loop
constexpr size_t kServicesMax = 1'000;        // breakers and latencies kept, per loop

// What is known of one service and key.
struct Service {
  Breaker breaker;
  double first_token_ms = 0;  // smoothed; 0: not measured yet
};

struct Target {
  std::string provider;
  Dialect dialect = Dialect::compatible;
  std::string url;
  std::vector<std::string> headers;
  std::string model;
  Sampling sampling;
  http::Client* client = nullptr;
  std::shared_ptr<Service> service;
  std::shared_ptr<const void> turn;  // of a custom service: kept while it is asked
  std::string refusal;               // not empty: why it cannot be asked
};

class Router {
 public:
  explicit Router(edge::Context& context);

  std::vector<ChainEntry> order(const Prompt& prompt);
  Task<Target> target(KeyOwner owner, ChainEntry entry);
  const AiSettings& settings() const { return context_.config().ai; }

 private:
  std::shared_ptr<Service> service(const std::string& name);
  std::string service_name(const ChainEntry& entry, const std::string& account_id) const;
  http::Client& client_of(const ChainEntry& entry);

  edge::Context& context_;
  http::Client own_;
  http::Client foreign_;
  Turns turns_;
  std::unordered_map<std::string, std::shared_ptr<Service>> services_;
};

}  // namespace chatpad::functions::ai

// SideService: one of the services beside the language model (embedder.h, reranker.h), as a loop
// asks it: how far a request may get, with whose key, and what is known of how it is doing.
//
//   SideService service(context, context.config().rerank, "rerank.api_key");
//   const SideAccess access = co_await service.access(owner);
//   if (!access.breaker->admit(now)) ...
//   const http::Response response = co_await service.post(&access, "/rerank", body, limits);
//
// The account's own key (its secret of that name) comes before the server's. Whoever pays with its
// own has a breaker of its own: one account's bad key or full quota is not another's. Errors of
// access: those of the database; of post: those of http::fetch. Limits: kSideTransfersMax,
// kSideBreakersMax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "functions/shared/ai/breaker.h"
#include "functions/shared/secret/own_keys.h"
#include "runtime/base/service_settings.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"
#include "runtime/http/client.h"

namespace chatpad::functions {

constexpr uint64_t kSideConnectMs = 2'000;
constexpr int kSideTransfersMax = 64;       // at once, of one loop
constexpr size_t kSideBreakersMax = 1'000;  // of accounts with a key of their own, of one loop

struct SideAccess {
  std::string key;
  std::shared_ptr<ai::Breaker> breaker;
};

struct SideLimits {
  uint64_t total_ms;
  size_t answer_bytes_max;
};

class SideService {
 public:
  SideService(edge::Context& context, const ServiceSettings& settings, std::string secret);

  bool set() const { return settings_.set(); }
  const std::string& model() const { return settings_.model; }

  Task<SideAccess> access(KeyOwner owner);
  Task<http::Response> post(const SideAccess* access, const char* path, std::string body,
                            SideLimits limits);

 private:
  std::shared_ptr<ai::Breaker> breaker_of(const std::string& account_id);

  edge::Context& context_;
  const ServiceSettings& settings_;
  std::string secret_;
  http::Client client_;
  std::shared_ptr<ai::Breaker> server_breaker_;
  std::unordered_map<std::string, std::shared_ptr<ai::Breaker>> breakers_;  // by account
};

// At a character's border.
void shorten(std::string& text, size_t bytes_max);

// Of what was sent, not of the key, the model or the hour.
bool is_about_texts(int status);

}  // namespace chatpad::functions

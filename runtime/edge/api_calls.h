// ApiCalls: how often the API keys of each account have asked, told to the database as usage events
// every kTellMs and not at every request. What was not told when a program ends is not counted.
//
// One per loop (Context::local). Accounts beyond kAccountsMax within one interval are not counted.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "runtime/base/uuid.h"
#include "runtime/coro/scope.h"
#include "runtime/edge/context.h"

namespace chatpad::edge {

class ApiCalls {
 public:
  static constexpr uint64_t kTellMs = 5000;
  static constexpr size_t kAccountsMax = 10'000;

  explicit ApiCalls(Context& context) : context_(context) {}
  ApiCalls(const ApiCalls&) = delete;

  void count(const Uuid& account) { add(account, 1); }

 private:
  void add(const Uuid& account, uint64_t calls);
  Task<void> tell();

  Context& context_;
  std::unordered_map<Uuid, uint64_t> calls_;
  bool telling_ = false;
  Timer timer_;
  Scope scope_;  // last: ends first
};

}  // namespace chatpad::edge

#include "runtime/edge/api_calls.h"

#include <utility>

#include "runtime/base/log.h"
#include "runtime/wire/json.h"

namespace chatpad::edge {
namespace {

constexpr pg::Statement kCount{"count_api_calls", "select api.count_api_calls($1)"};

}  // namespace

void ApiCalls::add(const Uuid& account, uint64_t calls) {
  const auto known = calls_.find(account);
  if (known != calls_.end()) {
    known->second += calls;
  } else if (calls_.size() < kAccountsMax) {
    calls_.emplace(account, calls);
  }
  if (telling_ || timer_.running()) return;
  timer_.start(context_.loop(), kTellMs, [this] { scope_.spawn(tell()); });
}

Task<void> ApiCalls::tell() {
  telling_ = true;
  const auto told = std::exchange(calls_, {});
  wire::JsonWriter json;
  json.object();
  for (const auto& [account, calls] : told) json.field(account.str(), calls);
  json.end();
  bool failed = false;
  try {
    pg::Params params(std::move(json).str());
    pg::Rows rows =
        co_await context_.service_pool().once(pg::service_claims(), kCount, std::move(params));
  } catch (const Raised& raised) {
    failed = true;
    log::Line(LogLevel::warn, "api_calls_untold").field("cause", raised.error().cause.value);
  }
  telling_ = false;
  // Those of a flight whose outcome is unknown may count twice; none is lost to a short absence.
  if (failed) {
    for (const auto& [account, calls] : told) add(account, calls);
  } else if (!calls_.empty()) {
    timer_.start(context_.loop(), kTellMs, [this] { scope_.spawn(tell()); });
  }
}

}  // namespace chatpad::edge

// Drafts: what the running answers of one loop have said so far, on its way to the database. Those
// that have grown are stored together, kDraftsMax to a statement and transaction: a commit for each
// would cost more than the writing. One statement at a time, and spread over the time in which
// each answer is stored once, so that the words of the others do not wait for the processor.
//
// Beside the model's words, which do not wait for it. A database that is away for a moment costs
// nothing: what could not be stored now is stored next time, or when the answer is finished. An
// answer whose conversation is locked by somebody else at that moment is stored next time as well,
// so that the others do not wait for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "functions/shared/ai/run.h"
#include "runtime/coro/scope.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"
#include "runtime/loop/loop.h"

namespace chatpad::functions::ai {

// Streamed text reaches the database after this long; with more answers on the loop later, by
// kPersistMsEach for each.
constexpr uint64_t kPersistMs = 200;
constexpr uint64_t kPersistMsEach = 2;
constexpr uint64_t kPersistMsMax = 1'000;
constexpr size_t kDraftsMax = 32;
constexpr uint64_t kRenewMs = 4'000;  // the lease, while the model says nothing
constexpr int kLeaseS = 30;           // an answer nobody renews for so long is abandoned

class Drafts {
 public:
  using Lost = std::function<void(const std::shared_ptr<Run>&)>;

  // `lost` is told of a run whose row is not its own any more: taken over, archived, expired.
  Drafts(edge::Context& context, Lost lost);
  ~Drafts();
  Drafts(const Drafts&) = delete;
  Drafts& operator=(const Drafts&) = delete;

  // It has its row: the lease is renewed from now on, until it has finished.
  void watch(const std::shared_ptr<Run>& run);
  // It has said something.
  void grown(const std::shared_ptr<Run>& run);

 private:
  using Batch = std::vector<std::shared_ptr<Run>>;

  void add_silent();
  void store();
  void store_soon();
  Task<void> store_batch(Batch batch);
  void settle(const std::shared_ptr<Run>& run, std::string_view outcome);

  edge::Context& context_;
  Lost lost_;
  std::vector<std::weak_ptr<Run>> watched_;
  std::deque<std::shared_ptr<Run>> grown_;
  bool storing_ = false;
  Timer next_;
  Timer renew_;
  Scope writes_;
};

}  // namespace chatpad::functions::ai

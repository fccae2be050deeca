#include "functions/shared/ai/drafts.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::ai {
namespace {

constexpr pg::Statement kAppend{
    "append_answers", "select message_id, outcome from api.append_answers($1::jsonb, $2)"};

bool over(const Run& run) { return run.finished || run.ending; }

std::string drafts_json(const std::vector<std::shared_ptr<Run>>& batch) {
  wire::JsonWriter drafts;
  drafts.array();
  for (const std::shared_ptr<Run>& run : batch) {
    drafts.object()
        .field("id", run->message_id)
        .field("epoch", run->assignment.epoch)
        .field("content", run->text)
        .end();
  }
  drafts.end();
  return std::move(drafts).str();
}

}  // namespace

Drafts::Drafts(edge::Context& context, Lost lost) : context_(context), lost_(std::move(lost)) {}

Drafts::~Drafts() { writes_.cancel_all(); }

void Drafts::watch(const std::shared_ptr<Run>& run) {
  run->persisted_ms = context_.loop().now_ms();
  watched_.push_back(run);
  if (!renew_.running()) renew_.start(context_.loop(), kRenewMs, [this] { add_silent(); });
}

void Drafts::grown(const std::shared_ptr<Run>& run) {
  if (run->draft_waits) return;
  run->draft_waits = true;
  grown_.push_back(run);
  store_soon();
}

// Those whose lease nobody has renewed for a while.
void Drafts::add_silent() {
  const uint64_t now = context_.loop().now_ms();
  std::erase_if(watched_, [](const std::weak_ptr<Run>& run) {
    const std::shared_ptr<Run> alive = run.lock();
    return !alive || over(*alive);
  });
  for (const std::weak_ptr<Run>& watched : watched_) {
    const std::shared_ptr<Run> run = watched.lock();
    if (now - run->persisted_ms >= kRenewMs) grown(run);
  }
  if (!watched_.empty()) renew_.start(context_.loop(), kRenewMs, [this] { add_silent(); });
}

// A few answers are stored as they grow; of many, all together are stored about as often. Never
// while a statement is under way: a slow database is asked less often.
void Drafts::store_soon() {
  if (next_.running() || storing_ || grown_.empty()) return;
  const uint64_t every = std::min(kPersistMs + kPersistMsEach * watched_.size(), kPersistMsMax);
  const uint64_t wait = every * kDraftsMax / std::max(watched_.size(), kDraftsMax);
  next_.start(context_.loop(), wait, [this] { store(); });
}

void Drafts::store() {
  Batch batch;
  while (!grown_.empty() && batch.size() < kDraftsMax) {
    std::shared_ptr<Run> run = std::move(grown_.front());
    grown_.pop_front();
    run->draft_waits = false;
    if (!over(*run)) batch.push_back(std::move(run));
  }
  if (!batch.empty()) writes_.spawn(store_batch(std::move(batch)));
}

Task<void> Drafts::store_batch(Batch batch) {
  storing_ = true;
  std::unordered_map<std::string, std::string> outcomes;  // of those that were not stored
  bool answered = false;
  try {
    pg::Params params(drafts_json(batch), kLeaseS);
    pg::Rows rows =
        co_await context_.service_pool().once(pg::service_claims(), kAppend, std::move(params));
    for (int i = 0; i < rows.size(); ++i) outcomes.emplace(rows.str(i, 0), rows.str(i, 1));
    answered = true;
  } catch (const Raised& raised) {
    log::Line(LogLevel::warn, "answers_not_stored_yet")
        .field("answers", batch.size())
        .field("cause", raised.error().cause.value);
  }
  storing_ = false;
  for (const std::shared_ptr<Run>& run : batch) {
    const auto found = outcomes.find(run->message_id);
    settle(run, !answered ? "busy" : found == outcomes.end() ? "stored" : found->second);
  }
  store_soon();
}

void Drafts::settle(const std::shared_ptr<Run>& run, std::string_view outcome) {
  if (over(*run)) return;
  if (outcome == "stored") {
    run->persisted_ms = context_.loop().now_ms();
  } else if (outcome == "busy") {
    grown(run);
  } else {
    lost_(run);
  }
}

}  // namespace chatpad::functions::ai

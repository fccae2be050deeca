#include "runtime/job_house.h"

#include "runtime/base/log.h"

namespace chatpad {
namespace {

constexpr int kForgetRoundsMax = 100;

constexpr pg::Statement kWaiting{"jobs_waiting",
                                 "select waiting, oldest_s::bigint from api.jobs_waiting()"};
constexpr pg::Statement kForget{"forget_jobs", "select api.forget_jobs()"};

void tell(const Raised& raised) {
  log::Line(LogLevel::warn, "housekeeping_failed")
      .field("statement", "jobs")
      .field("code", error_info(raised.error().errc).code)
      .field("cause", raised.error().cause.value);
}

}  // namespace

JobHouse::JobHouse(edge::Context& context, edge::Metrics& metrics)
    : pool_(context.service_pool()), ingest_(context), runner_(context.loop(), pool_) {
  ingest_.attach(runner_);
  metrics.add("chatpad_jobs_running", "Jobs that this program works on.", "gauge",
              [this] { return static_cast<double>(runner_.running()); });
  metrics.add("chatpad_jobs_waiting", "Jobs that are due and wait, of all programs.", "gauge",
              [this] { return static_cast<double>(waiting_.load()); });
  metrics.add("chatpad_jobs_oldest_seconds", "Since when the first of them is due.", "gauge",
              [this] { return static_cast<double>(oldest_s_.load()); });
  metrics.add("chatpad_jobs_ended_total", "Jobs that ended here, by outcome.", "counter", "outcome",
              jobs::outcome_names(), [this](size_t outcome) {
                return static_cast<double>(runner_.ended(static_cast<jobs::Outcome>(outcome)));
              });
}

Task<void> JobHouse::drain(std::function<void()> done) {
  co_await runner_.drain();
  done();
}

Task<void> JobHouse::look() {
  try {
    co_await ingest_.start_due();
    pg::Rows rows = co_await pool_.once(pg::service_claims(), kWaiting, pg::Params());
    waiting_ = static_cast<uint64_t>(rows.integer(0, 0));
    oldest_s_ = static_cast<uint64_t>(rows.integer(0, 1));
  } catch (const Raised& raised) {
    tell(raised);
  }
}

Task<void> JobHouse::forget() {
  try {
    for (int round = 0; round < kForgetRoundsMax; ++round) {
      pg::Rows rows = co_await pool_.once(pg::service_claims(), kForget, pg::Params());
      if (rows.integer(0, 0) == 0) break;
    }
  } catch (const Raised& raised) {
    tell(raised);
  }
}

}  // namespace chatpad

// Mailer: brings the outbox to the mail server. One per program, on its first loop, and only when a
// server is configured; several programs share the work, because a mail is taken with SKIP LOCKED
// for two minutes. A mail is deleted of its words as soon as the server has taken it.
//
// Delivery is at least once: a program that ends between the server's answer and its own note sends
// the mail again, under the same Message-ID. A mail that cannot go out is tried again after 5 s, 10
// s, 20 s ... up to ten minutes, until it expires or kMailAttemptsMax is reached; one that the
// server refuses for good (5xx) is given up at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/base/config.h"
#include "runtime/coro/task.h"
#include "runtime/http/smtp.h"
#include "runtime/loop/loop.h"
#include "runtime/loop/worker_pool.h"
#include "runtime/pg/pool.h"

namespace chatpad::functions {

constexpr int kMailAttemptsMax = 20;
constexpr uint64_t kMailLookMs = 500;

class Mailer {
 public:
  Mailer(Loop& loop, pg::Pool& service_pool, const Config& config);
  ~Mailer();
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;

  // Until it is destroyed. The mailer outlives the task.
  Task<void> run();

  // Since the start.
  uint64_t sent() const { return sent_; }
  uint64_t failed() const { return failed_; }  // attempts

 private:
  Task<bool> work();
  Task<void> send(std::string id, std::string kind, std::string recipient, std::string sealed,
                  int64_t attempt);
  Task<void> note(std::string id, int64_t attempt, http::SmtpResult result);

  Loop& loop_;
  pg::Pool& pool_;
  const Config& config_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> sent_{0}, failed_{0};
  WorkerPool thread_;  // last: joined first
};

}  // namespace chatpad::functions

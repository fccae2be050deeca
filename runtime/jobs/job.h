// Job: a piece of durable work, as the one sees it who does it.
//
//   Task<void> index(Job& job) {
//     job.progress(3, 10, "Reading");        // told at the next beat
//     co_await job.save(state_json);         // what is done stays done, whoever goes on
//     if (broken) job_failed("file_damaged", PublicText("The file is damaged."));
//   }
//
// Work may be done more than once: whoever held the lease may have died between its last act and
// its note of it. What a step changes, it changes in one transaction, and the next step says so
// with save().
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/uuid.h"
#include "runtime/coro/task.h"

namespace chatpad::jobs {

enum class Retry : uint8_t { never, later };

// Ends a job. `code` is stable and part of the API, as the sentence is.
class JobFailure : public std::exception {
 public:
  JobFailure(std::string code, PublicText message, Retry retry)
      : code_(std::move(code)), message_(std::move(message)), retry_(retry) {}
  const std::string& code() const { return code_; }
  const PublicText& message() const { return message_; }
  Retry retry() const { return retry_; }
  const char* what() const noexcept override { return code_.c_str(); }

 private:
  std::string code_;
  PublicText message_;
  Retry retry_;
};

[[noreturn]] void job_failed(std::string_view code, PublicText message, Retry retry = Retry::never);

// Ends an attempt whose job goes on when others have had their turn: put back into the queue as it
// is, which is no attempt of it. What is done is in its state.
class JobYield : public std::exception {
 public:
  const char* what() const noexcept override { return "yield"; }
};

[[noreturn]] void job_yields();

// What a job is; `payload` and `state` are JSON objects.
struct JobFacts {
  Uuid id;
  Uuid account;
  std::string kind;
  Uuid subject;
  std::string payload;
  std::string state;
  int64_t attempt = 1;
  Uuid worker;  // who has it; with the attempt, what a statement of this job is let through by
};

class Job {
 public:
  using Save = std::function<Task<void>(std::string state_json)>;

  Job(JobFacts facts, Save save) : facts_(std::move(facts)), save_(std::move(save)) {}

  const JobFacts& facts() const { return facts_; }
  void progress(int64_t done, std::optional<int64_t> total, std::string note) {
    done_ = done;
    total_ = total;
    note_ = std::move(note);
  }
  int64_t done() const { return done_; }
  std::optional<int64_t> total() const { return total_; }
  const std::string& note() const { return note_; }
  Task<void> save(std::string state_json) { return save_(std::move(state_json)); }

 private:
  JobFacts facts_;
  Save save_;
  int64_t done_ = 0;
  std::optional<int64_t> total_;
  std::string note_;
};

}  // namespace chatpad::jobs

// Child: one run of chatpad-extract (extract/), in a process of its own.
//
//   Child child(loop, {"--name", "a.pdf"});
//   co_await child.write(bytes);                    // as often as there are bytes
//   child.end_input();
//   std::optional<std::string> line = co_await child.line();   // nullopt: it has ended
//
// The extractor is carried inside the program; it is started from memory, with no environment, no
// arguments but ours, and pipes as its only files. It limits itself (extract/sandbox.h); here it
// gets kChildMs of wall time. Destroying a Child kills the process.
//
// Owner: a job's coroutine, on its loop. One coroutine at a time waits for it. Errors: none are
// raised by the awaits; how it ended is exit(). Limits: kLineBytesMax, kOutputWaitingMax.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/coro/task.h"
#include "runtime/loop/loop.h"

namespace chatpad::ingest {

constexpr uint64_t kChildMs = 120'000;
constexpr size_t kLineBytesMax = 2 * 1024 * 1024;  // a longer one ends the child
constexpr size_t kOutputWaitingMax = 512 * 1024;   // read ahead; the child waits above it

struct ChildExit {
  bool has_started = false;
  int64_t status = 0;
  int signal = 0;
  bool was_too_slow = false;
};

class Child {
 public:
  Child(Loop& loop, std::vector<std::string> arguments);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  class Wait {
   public:
    explicit Wait(Child& child) : child_(child) {}
    Wait(const Wait&) = delete;
    ~Wait();
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting);
    void await_resume() const noexcept {}

   private:
    Child& child_;
  };

  Task<void> write(std::string bytes);
  void end_input();
  Task<std::optional<std::string>> line();
  const ChildExit& exit() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Whether the extractor can be started at all, for `chatpad doctor` and `chatpad extract`: a
// descriptor to execute, -1 when the system keeps programs from running out of memory.
int extractor_descriptor();

}  // namespace chatpad::ingest

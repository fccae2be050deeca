#include "functions/shared/ingest/child.h"

#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

#include <csignal>
#include <deque>

#include "runtime/base/log.h"

extern "C" {
extern const char chatpad_extractor_begin[], chatpad_extractor_end[];
}

namespace chatpad::ingest {
namespace {

int make_descriptor() {
  const int fd = ::memfd_create("chatpad-extract", MFD_CLOEXEC);
  if (fd < 0) return -1;
  const char* at = chatpad_extractor_begin;
  while (at < chatpad_extractor_end) {
    const ssize_t wrote = ::write(fd, at, static_cast<size_t>(chatpad_extractor_end - at));
    if (wrote <= 0) {
      ::close(fd);
      return -1;
    }
    at += wrote;
  }
  return fd;
}

}  // namespace

int extractor_descriptor() {
  static const int fd = make_descriptor();
  return fd;
}

// Lives until the last of its handles is closed.
struct Child::State : std::enable_shared_from_this<State> {
  uv_process_t process{};
  uv_pipe_t in{};
  uv_pipe_t out{};
  Timer deadline;
  int open = 0;                 // handles
  std::shared_ptr<State> self;  // while there are some
  std::deque<std::string> writing;
  std::string buffer;
  size_t read_to = 0;  // of the buffer: lines handed out
  std::coroutine_handle<> waiter;
  ChildExit exit;
  bool has_exited = false;
  bool output_ended = false;
  bool is_reading = false;
  bool is_abandoned = false;
  bool broken = false;  // nothing more is written or believed

  void wake() {
    if (waiter) std::exchange(waiter, nullptr).resume();
  }
  template <class Handle>
  void close(Handle& handle) {
    auto* raw = reinterpret_cast<uv_handle_t*>(&handle);
    if (uv_is_closing(raw)) return;
    uv_close(raw, [](uv_handle_t* closed) {
      auto* state = static_cast<State*>(closed->data);
      if (--state->open == 0) state->self.reset();
    });
  }
  void kill() {
    broken = true;
    if (exit.has_started && !has_exited) uv_process_kill(&process, SIGKILL);
  }
  void read() {
    if (is_reading || output_ended) return;
    is_reading = true;
    uv_read_start(
        reinterpret_cast<uv_stream_t*>(&out),
        [](uv_handle_t* handle, size_t, uv_buf_t* to) {
          static thread_local char space[64 * 1024];
          (void)handle;
          *to = uv_buf_init(space, sizeof space);
        },
        [](uv_stream_t* stream, ssize_t got, const uv_buf_t* from) {
          static_cast<State*>(stream->data)->on_output(got, from->base);
        });
  }
  void on_output(ssize_t got, const char* bytes) {
    if (got < 0) {
      output_ended = true;
      is_reading = false;
      uv_read_stop(reinterpret_cast<uv_stream_t*>(&out));
    } else {
      buffer.append(bytes, static_cast<size_t>(got));
      if (buffer.size() - read_to > kOutputWaitingMax) {
        is_reading = false;
        uv_read_stop(reinterpret_cast<uv_stream_t*>(&out));
      }
    }
    wake();
  }
};

Child::Child(Loop& loop, std::vector<std::string> arguments) : state_(std::make_shared<State>()) {
  State& state = *state_;
  state.self = state_;
  state.process.data = state.in.data = state.out.data = &state;
  uv_pipe_init(loop.raw(), &state.in, 0);
  uv_pipe_init(loop.raw(), &state.out, 0);
  const std::string path = "/proc/self/fd/" + std::to_string(extractor_descriptor());
  std::vector<char*> argv;
  std::string name = "chatpad-extract";
  argv.push_back(name.data());
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  char* no_environment[] = {nullptr};
  uv_stdio_container_t files[3];
  files[0].flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_READABLE_PIPE);
  files[0].data.stream = reinterpret_cast<uv_stream_t*>(&state.in);
  files[1].flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
  files[1].data.stream = reinterpret_cast<uv_stream_t*>(&state.out);
  files[2].flags = UV_IGNORE;
  uv_process_options_t options{};
  options.file = path.c_str();
  options.args = argv.data();
  options.env = no_environment;
  options.cwd = "/";
  options.stdio = files;
  options.stdio_count = 3;
  options.exit_cb = [](uv_process_t* process, int64_t status, int signal) {
    auto* child = static_cast<State*>(process->data);
    child->exit.status = status;
    child->exit.signal = signal;
    child->has_exited = true;
    child->deadline.stop();
    if (child->is_abandoned) child->close(child->process);
    child->wake();
  };
  state.open = 3;
  const int result = uv_spawn(loop.raw(), &state.process, &options);
  if (result != 0) {
    state.has_exited = state.output_ended = state.broken = true;
    log::Line(LogLevel::error, "extractor_not_started").field("cause", uv_strerror(result));
    return;
  }
  state.exit.has_started = true;
  state.deadline.start(loop, kChildMs, [&state] {
    state.exit.was_too_slow = true;
    state.kill();
  });
  state.read();
}

Child::~Child() {
  State& state = *state_;
  state.waiter = nullptr;
  state.deadline.stop();
  state.kill();
  // Closed before it has ended it would stay a zombie.
  state.is_abandoned = true;
  if (!state.exit.has_started || state.has_exited) state.close(state.process);
  state.close(state.in);
  state.close(state.out);
}

Child::Wait::~Wait() { child_.state_->waiter = nullptr; }

void Child::Wait::await_suspend(std::coroutine_handle<> awaiting) {
  child_.state_->waiter = awaiting;
}

// One write at a time, and the next only when the pipe has taken it.
Task<void> Child::write(std::string bytes) {
  State& state = *state_;
  if (state.broken || state.has_exited) co_return;
  state.writing.push_back(std::move(bytes));
  auto* request = new uv_write_t{};
  request->data = &state;
  const uv_buf_t buffer =
      uv_buf_init(state.writing.back().data(), static_cast<unsigned>(state.writing.back().size()));
  const int result = uv_write(request, reinterpret_cast<uv_stream_t*>(&state.in), &buffer, 1,
                              [](uv_write_t* done, int status) {
                                auto* child = static_cast<State*>(done->data);
                                delete done;
                                child->writing.pop_front();
                                if (status != 0) child->broken = true;
                                child->wake();
                              });
  if (result != 0) {
    delete request;
    state.writing.pop_back();
    state.broken = true;
    co_return;
  }
  while (!state.writing.empty() && !state.has_exited) co_await Wait(*this);
}

void Child::end_input() { state_->close(state_->in); }

Task<std::optional<std::string>> Child::line() {
  State& state = *state_;
  for (;;) {
    const size_t end = state.buffer.find('\n', state.read_to);
    if (end != std::string::npos) {
      std::string line = state.buffer.substr(state.read_to, end - state.read_to);
      state.read_to = end + 1;
      if (state.read_to > kOutputWaitingMax / 2 || state.read_to == state.buffer.size()) {
        state.buffer.erase(0, state.read_to);
        state.read_to = 0;
      }
      if (!state.is_reading && state.buffer.size() < kOutputWaitingMax / 2) state.read();
      co_return line;
    }
    if (state.output_ended && state.has_exited) co_return std::nullopt;
    if (state.buffer.size() - state.read_to > kLineBytesMax) {
      state.kill();
      co_return std::nullopt;
    }
    state.read();
    co_await Wait(*this);
  }
}

const ChildExit& Child::exit() const { return state_->exit; }

}  // namespace chatpad::ingest

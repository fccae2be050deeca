// Connection: one accepted socket, and the Exchange of the request it is serving. Internal to
// runtime/http; owned by itself from open() until its handle is closed.
//
// The handle is armed for reading once and stays so; it changes only when output is stuck, when the
// client has half-closed, or when enough pipelined input waits. An exchange ends at one place,
// end_exchange(), always on the loop's own stack, so a handler may reply from anywhere.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/check.h"
#include "runtime/http/chunked.h"
#include "runtime/http/request_parser.h"
#include "runtime/http/server_impl.h"

namespace chatpad::http {

class Connection final : public Exchange {
 public:
  static constexpr size_t kDiscardBytesMax = 64 * 1024;  // unread body skipped to keep a connection
  static constexpr size_t kLingerBytesMax = 64 * 1024;   // read and dropped after a refusal
  static constexpr uint64_t kLingerMs = 2'000;
  static constexpr size_t kBodyReserveBytes = 256 * 1024;  // reserved on a mere announcement
  static constexpr size_t kJoinBytesMax = 16 * 1024;  // larger bodies are sent without being copied

  Connection(ServerImpl& server, int fd, std::string peer);

  void open();
  // Nothing more is sent or read; everything ends with the turn.
  void abort();
  // For a Server that goes away: ends everything now.
  void destroy();
  void on_turn_end();
  // The server drains: idle connections close, the others after their reply.
  void on_drain();

  // Exchange
  const Request& request() const override { return request_; }
  Loop& loop() override { return server_.loop; }
  void reply(int status, std::string_view headers, std::string_view body) override;
  void reply_and_close(int status, std::string_view headers, std::string_view body) override;
  void start_stream(int status, std::string_view headers) override;
  bool write(std::string_view bytes) override;
  void finish_stream() override;
  void when_drained(std::function<void()> fn) override;
  int status() const override { return status_; }
  bool replied() const override { return status_ != 0; }
  void attach(std::unique_ptr<Attachment> attachment) override;
  Attachment* attachment() override { return attachment_.get(); }
  DetachedSocket detach() override;

 private:
  friend class ServerImpl;
  ~Connection() = default;

  // What the bytes that arrive next belong to.
  enum class Phase : uint8_t {
    head,     // a request's head, or nothing at all yet
    body,     // the body of the current request
    waiting,  // the request is taken, its reply is not complete
    discard,  // the rest of a body that was answered before it was read
    linger,   // everything is said; what still arrives is dropped
    closed,
  };
  enum class Framing : uint8_t { none, length, chunked, until_close };
  static constexpr uint64_t kNever = ~uint64_t{0};

  // connection.cc: input
  void on_poll(int status, int events);
  void on_readable();
  size_t read_bytes_max() const;
  void on_end_of_input();
  void process();
  bool parse_head();
  void begin_exchange();
  void begin_body(uint64_t body_bytes_max);
  std::string_view feed_body(std::string_view bytes);
  void request_complete();
  bool take_discarded();

  // connection_reply.cc: the Exchange and its end
  void refuse(Errc errc);
  void begin_reply(int status, std::string_view headers);
  void append_head(std::string& out, std::string_view headers);
  void settle_unread_body();
  bool body_wanted() const;
  void end_exchange();

  // connection_output.cc: output, interest, time, closing
  void send_now(std::string& head, std::string_view body);
  void flush();
  void flush_at_turn_end();
  size_t pending_output() const { return out_.size() - out_sent_; }
  bool output_blocked() const { return pending_output() > server_.limits.output_high_bytes; }
  void on_writable();
  void update_interest();
  void set_deadline(uint64_t delay_ms);
  void set_stall_deadline();
  void arm_timer();
  void on_timer();
  void on_deadline();
  void begin_close();
  void half_close();
  void close_handle();
  void close_poll();
  void free_self();

  ServerImpl& server_;
  int fd_;
  uv_poll_t poll_{};
  int interest_ = 0;
  Phase phase_ = Phase::head;
  Framing framing_ = Framing::none;
  bool in_process_ = false;     // process() is on the stack and goes on after the handler
  bool corked_ = false;         // more requests wait in the buffer: replies go out together
  bool exchange_open_ = false;  // on_head was called and the exchange has not ended
  bool ended_ = false;          // the reply is complete: end_exchange() is due
  bool gone_ = false;           // nothing can be sent any more
  bool detached_ = false;
  bool poll_closed_ = false;
  bool input_ended_ = false;   // the client has shut down its side
  bool head_started_ = false;  // the header deadline runs
  bool body_complete_ = false;
  bool close_after_ = false;   // no further request after this reply
  bool linger_after_ = false;  // the client may still be sending: drain before closing
  bool half_closed_ = false;
  bool flush_due_ = false;
  bool in_turn_end_list_ = false;
  int status_ = 0;
  InputBuffer input_;
  RequestParser parser_;
  Request request_;
  std::string peer_;
  std::string body_;        // a body that did not arrive in one piece with its head
  uint64_t body_left_ = 0;  // unread bytes of a body with a length
  std::unique_ptr<ChunkedDecoder> chunked_;
  std::string out_;  // what the socket did not take yet
  size_t out_sent_ = 0;
  std::function<void()> drained_;
  std::unique_ptr<Attachment> attachment_;
  Timer timer_;
  uint64_t timer_due_ms_ = 0;
  uint64_t deadline_ms_ = kNever;        // of the phase
  uint64_t stall_deadline_ms_ = kNever;  // of output that does not move
  size_t lingered_bytes_ = 0;
  Connection* next_ = nullptr;
  Connection* prev_ = nullptr;
};

}  // namespace chatpad::http

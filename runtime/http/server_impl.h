// ServerImpl: what the connections of one Server share: limits, scratch buffers, the registry, and
// the work put off to the end of the turn. Internal to runtime/http.
//
// It outlives its Server until the last connection's handle is closed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/http/input_buffer.h"
#include "runtime/http/reply_text.h"
#include "runtime/http/request_parser.h"
#include "runtime/http/server.h"

namespace chatpad::http {

class Connection;

class ServerImpl {
 public:
  static constexpr size_t kScratchBytes = 64 * 1024;
  static constexpr size_t kSpareHeaderListsMax = 1024;  // idle header lists kept; more are freed

  ServerImpl(Loop& loop, ServerLimits limits, Handler& handler);
  ~ServerImpl();
  ServerImpl(const ServerImpl&) = delete;
  ServerImpl& operator=(const ServerImpl&) = delete;

  void adopt(int fd, std::string peer);
  bool accepting() const;
  void drain(uint64_t drain_ms, std::function<void()> done);
  // The Server is gone: closes everything and deletes this object when the last handle is closed.
  void retire();

  // For connections.
  void link(Connection& connection);
  void unlink(Connection& connection);
  void handle_closed();
  // Calls Connection::on_turn_end() at the end of this turn, outside every other stack.
  void at_turn_end(Connection& connection);
  void forget_turn_end(Connection& connection);

  Loop& loop;
  const ServerLimits limits;
  Handler* handler;
  ServerStats stats;
  BlockPool pool;
  DateLine date;
  std::unique_ptr<char[]> scratch;
  std::string render;  // reused by every reply
  std::vector<std::vector<Header>> spare_headers;
  bool draining = false;

 private:
  void run_turn_end();
  void maybe_drained();
  void maybe_delete();

  Connection* first_ = nullptr;
  size_t open_handles_ = 0;
  bool retired_ = false;
  bool turn_end_deferred_ = false;
  std::vector<Connection*> turn_end_;
  std::vector<Connection*> turn_end_batch_;
  Timer drain_timer_;
  std::function<void()> drained_;
};

}  // namespace chatpad::http

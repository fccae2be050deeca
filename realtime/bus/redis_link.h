// RedisLink: one connection to Redis on a loop: name look-up, connect, AUTH, then commands.
//
// RedisBus has two, because a connection that subscribed may do nothing else. Everything happens on
// the loop of the link. on_lost comes once per open() that failed or ended, never from inside
// open(), publish() or close(); after it the link is closed and may be opened again. The owner
// watches the time: a link waits for as long as it is let.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "realtime/bus/redis_url.h"
#include "runtime/loop/loop.h"

struct redisAsyncContext;

namespace chatpad::realtime {

class RedisLink {
 public:
  struct Handlers {
    std::function<void()> on_ready;  // connected and logged in
    std::function<void(std::string_view why)> on_lost;
    std::function<void(std::string_view bytes)> on_message;  // of the subscribed channel
    std::function<void()> on_subscribed;
    std::function<void(size_t bytes)> on_published;  // Redis has answered
  };

  RedisLink(Loop& loop, const RedisUrl& url, Handlers handlers);
  ~RedisLink();
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  void open();
  void close();
  bool ready() const { return ready_; }
  void subscribe(const std::string& channel);
  void publish(const std::string& channel, std::string_view bytes);

 private:
  struct Lookup;
  struct Poll;
  struct Calls;
  friend struct Calls;

  void connect(const std::string& address);
  void log_in();
  void lose(std::string why);

  Loop& loop_;
  const RedisUrl& url_;
  Handlers handlers_;
  redisAsyncContext* context_ = nullptr;
  Lookup* lookup_ = nullptr;
  Timer lost_timer_;
  std::string lost_why_;
  size_t failures_ = 0;  // of connecting; a name with several addresses gets another one each time
  bool ready_ = false;
};

}  // namespace chatpad::realtime

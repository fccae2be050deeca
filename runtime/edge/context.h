// Context: what the functions of one loop share. One per loop, made by main, never used from
// another thread. `local<T>()` gives the loop's only T, made from the Context on first use: that is
// where a function keeps state of its own (running answers) without a global. What is one for all
// loops of the program (a cache that is not worth having twice) is `commons().get<T>()`.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <typeindex>
#include <unordered_map>
#include <vector>

#include "runtime/base/config.h"
#include "runtime/edge/publisher.h"
#include "runtime/loop/loop.h"
#include "runtime/loop/worker_pool.h"
#include "runtime/pg/pool.h"

namespace chatpad::edge {

class Authenticator;
class Metrics;

// What functions share across loops: one T for the program, made from it on first use, which may be
// on any loop; T has to bear being used from all of them.
class Commons {
 public:
  Commons(const Config& config, Metrics& metrics) : config_(config), metrics_(metrics) {}
  const Config& config() const { return config_; }
  Metrics& metrics() { return metrics_; }

  template <class T>
  T& get() {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<void>& slot = slots_[std::type_index(typeid(T))];
    if (!slot) slot = std::make_shared<T>(*this);
    return *static_cast<T*>(slot.get());
  }

 private:
  const Config& config_;
  Metrics& metrics_;
  std::mutex mutex_;
  std::unordered_map<std::type_index, std::shared_ptr<void>> slots_;
};

class Context {
 public:
  struct Parts {
    Loop& loop;
    const Config& config;
    pg::Pool& pool;          // login role authenticator
    pg::Pool& service_pool;  // login role service_authenticator
    Publisher& publisher;
    WorkerPool& workers;
    Authenticator& authenticator;
    Metrics& metrics;
    Commons& commons;
    const std::atomic<bool>& realtime_live;  // the WAL feed is streaming
  };
  explicit Context(Parts parts) : parts_(parts) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { end_locals(); }

  Loop& loop() { return parts_.loop; }
  const Config& config() const { return parts_.config; }
  pg::Pool& pool() { return parts_.pool; }
  pg::Pool& service_pool() { return parts_.service_pool; }
  Publisher& publisher() { return parts_.publisher; }
  WorkerPool& workers() { return parts_.workers; }
  Authenticator& authenticator() { return parts_.authenticator; }
  Metrics& metrics() { return parts_.metrics; }
  Commons& commons() { return parts_.commons; }
  bool realtime_live() const { return parts_.realtime_live.load(std::memory_order_relaxed); }

  template <class T>
  T& local() {
    std::shared_ptr<void>& slot = locals_[std::type_index(typeid(T))];
    if (!slot) {
      slot = std::make_shared<T>(*this);
      order_.push_back(slot);
    }
    return *static_cast<T*>(slot.get());
  }
  // Destroys the locals, latest first. Called by main before the pools close.
  void end_locals() {
    locals_.clear();
    while (!order_.empty()) order_.pop_back();
  }

  // Durable events, after their commit, on this loop.
  void listen(DurableListener listener) { listeners_.push_back(std::move(listener)); }
  void notify(const DurableEvent& event) {
    for (const DurableListener& listener : listeners_) listener(event);
  }

 private:
  Parts parts_;
  std::unordered_map<std::type_index, std::shared_ptr<void>> locals_;
  std::vector<std::shared_ptr<void>> order_;
  std::vector<DurableListener> listeners_;
};

}  // namespace chatpad::edge

// Metrics in Prometheus text format (exposition format 0.0.4).
//
// Each loop counts into its own slots (relaxed atomics, no sharing); /metrics adds them up. Labels
// come from closed sets: route labels and status codes. A gauge is a function asked at scrape time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::edge {

// Upper bounds in microseconds of the request duration histogram.
constexpr std::array<uint32_t, 11> kDurationBoundsUs = {
    100, 250, 500, 1'000, 2'500, 5'000, 10'000, 50'000, 250'000, 1'000'000, 5'000'000};

class RequestCounters {
 public:
  explicit RequestCounters(size_t routes) : slots_(routes + 1) {}
  // `route` is Route::index, or routes for requests that matched none.
  void count(size_t route, int status, uint64_t duration_us);

 private:
  friend class Metrics;
  struct Slot {
    std::array<std::atomic<uint64_t>, 6> by_class{};  // 1xx..5xx
    std::array<std::atomic<uint64_t>, kDurationBoundsUs.size() + 1> buckets{};
    std::atomic<uint64_t> sum_us{0};
  };
  std::vector<Slot> slots_;
};

class Metrics {
 public:
  explicit Metrics(std::vector<std::string> route_labels);

  RequestCounters& counters_of_loop(int loop);
  // `name` is a full metric name, `type` "gauge" or "counter". Thread-safe; `read` must be too.
  void add(std::string name, std::string help, std::string_view type, std::function<double()> read);
  // One line per label value that is not zero: name{label="value"}. The values are a closed list.
  void add(std::string name, std::string help, std::string_view type, std::string label,
           std::vector<std::string> label_values, std::function<double(size_t)> read);
  std::string text() const;

 private:
  struct Value {
    std::string name;
    std::string help;
    std::string type;
    std::function<double()> read;
    std::string label;  // empty: `read` is the only value
    std::vector<std::string> label_values;
    std::function<double(size_t)> read_at;
  };
  void append_requests(std::string& out) const;

  std::vector<std::string> labels_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<RequestCounters>> loops_;
  std::vector<Value> values_;
};

}  // namespace chatpad::edge

#include "runtime/edge/metrics.h"

#include <cstdio>

namespace chatpad::edge {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Written by one thread only, so a load and a store do what an atomic add would, cheaper.
void bump(std::atomic<uint64_t>& counter, uint64_t by = 1) {
  counter.store(counter.load(kRelaxed) + by, kRelaxed);
}

}  // namespace

void RequestCounters::count(size_t route, int status, uint64_t duration_us) {
  Slot& slot = slots_[route < slots_.size() ? route : slots_.size() - 1];
  bump(slot.by_class[static_cast<size_t>(status / 100) % 6]);
  size_t bucket = 0;
  while (bucket < kDurationBoundsUs.size() && duration_us > kDurationBoundsUs[bucket]) ++bucket;
  bump(slot.buckets[bucket]);
  bump(slot.sum_us, duration_us);
}

Metrics::Metrics(std::vector<std::string> route_labels) : labels_(std::move(route_labels)) {
  labels_.push_back("none");
}

RequestCounters& Metrics::counters_of_loop(int loop) {
  const std::lock_guard lock(mutex_);
  while (loops_.size() <= static_cast<size_t>(loop)) {
    loops_.push_back(std::make_unique<RequestCounters>(labels_.size() - 1));
  }
  return *loops_[static_cast<size_t>(loop)];
}

void Metrics::add(std::string name, std::string help, std::string_view type,
                  std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  values_.push_back(
      {std::move(name), std::move(help), std::string(type), std::move(read), {}, {}, nullptr});
}

void Metrics::add(std::string name, std::string help, std::string_view type, std::string label,
                  std::vector<std::string> label_values, std::function<double(size_t)> read) {
  const std::lock_guard lock(mutex_);
  values_.push_back({std::move(name), std::move(help), std::string(type), nullptr, std::move(label),
                     std::move(label_values), std::move(read)});
}

void Metrics::append_requests(std::string& out) const {
  out +=
      "# HELP chatpad_http_requests_total Requests answered, by endpoint and status class.\n"
      "# TYPE chatpad_http_requests_total counter\n";
  std::string durations =
      "# HELP chatpad_http_request_duration_seconds Time from the complete header to the reply.\n"
      "# TYPE chatpad_http_request_duration_seconds histogram\n";
  char line[256];
  for (size_t route = 0; route < labels_.size(); ++route) {
    std::array<uint64_t, kDurationBoundsUs.size() + 1> buckets{};
    std::array<uint64_t, 6> classes{};
    uint64_t sum_us = 0;
    for (const auto& loop : loops_) {
      const auto& slot = loop->slots_[route];
      for (size_t i = 0; i < buckets.size(); ++i) buckets[i] += slot.buckets[i].load(kRelaxed);
      for (size_t i = 0; i < classes.size(); ++i) classes[i] += slot.by_class[i].load(kRelaxed);
      sum_us += slot.sum_us.load(kRelaxed);
    }
    const char* label = labels_[route].c_str();
    for (size_t i = 1; i < classes.size(); ++i) {
      if (classes[i] == 0) continue;
      std::snprintf(line, sizeof line,
                    "chatpad_http_requests_total{endpoint=\"%s\",status=\"%zuxx\"} %llu\n", label,
                    i, static_cast<unsigned long long>(classes[i]));
      out += line;
    }
    uint64_t running = 0;
    for (const uint64_t n : buckets) running += n;
    if (running == 0) continue;
    running = 0;
    for (size_t i = 0; i < buckets.size(); ++i) {
      running += buckets[i];
      char bound[24] = "+Inf";
      if (i < kDurationBoundsUs.size()) {
        std::snprintf(bound, sizeof bound, "%g", kDurationBoundsUs[i] / 1e6);
      }
      std::snprintf(
          line, sizeof line,
          "chatpad_http_request_duration_seconds_bucket{endpoint=\"%s\",le=\"%s\"} %llu\n", label,
          bound, static_cast<unsigned long long>(running));
      durations += line;
    }
    std::snprintf(line, sizeof line,
                  "chatpad_http_request_duration_seconds_sum{endpoint=\"%s\"} %g\n"
                  "chatpad_http_request_duration_seconds_count{endpoint=\"%s\"} %llu\n",
                  label, static_cast<double>(sum_us) / 1e6, label,
                  static_cast<unsigned long long>(running));
    durations += line;
  }
  out += durations;
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  append_requests(out);
  char number[64];
  for (const Value& value : values_) {
    out += "# HELP " + value.name + " " + value.help + "\n# TYPE " + value.name + " " + value.type +
           "\n";
    if (value.label.empty()) {
      std::snprintf(number, sizeof number, " %.17g\n", value.read());
      out += value.name + number;
    }
    for (size_t i = 0; i < value.label_values.size(); ++i) {
      const double now = value.read_at(i);
      if (now == 0) continue;
      std::snprintf(number, sizeof number, "\"} %.17g\n", now);
      out += value.name + "{" + value.label + "=\"" + value.label_values[i] + number;
    }
  }
  return out;
}

}  // namespace chatpad::edge

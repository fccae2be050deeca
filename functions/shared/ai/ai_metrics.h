// What the program's answers ask of language models, counted over all loops for /metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "runtime/edge/metrics.h"

namespace chatpad::functions::ai {

constexpr std::array<std::string_view, 4> kProviderLabels = {"gateway", "openai", "anthropic",
                                                             "custom"};

struct AiCounters {
  struct Of {
    std::atomic<uint64_t> requests{0};  // sent
    std::atomic<uint64_t> failures{0};  // of those
    std::atomic<uint64_t> refused{0};   // not sent: the breaker is open
    std::atomic<uint64_t> opened{0};    // breakers
  };
  std::array<Of, kProviderLabels.size()> of;
  std::atomic<uint64_t> input_tokens{0};
  std::atomic<uint64_t> output_tokens{0};
  std::atomic<uint64_t> cost_micros{0};
  std::atomic<uint64_t> gave_up{0};  // answers that every service failed
};

AiCounters& ai_counters();
AiCounters::Of& ai_counters_of(std::string_view provider);
// Once, when the program starts.
void add_ai_metrics(edge::Metrics& metrics);

}  // namespace chatpad::functions::ai

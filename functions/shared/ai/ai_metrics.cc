#include "functions/shared/ai/ai_metrics.h"

namespace chatpad::functions::ai {

AiCounters& ai_counters() {
  static AiCounters counters;
  return counters;
}

AiCounters::Of& ai_counters_of(std::string_view provider) {
  size_t at = 0;
  while (at + 1 < kProviderLabels.size() && kProviderLabels[at] != provider) ++at;
  return ai_counters().of[at];
}

void add_ai_metrics(edge::Metrics& metrics) {
  const std::vector<std::string> labels(kProviderLabels.begin(), kProviderLabels.end());
  const auto by_provider = [&](std::string name, std::string help,
                               std::atomic<uint64_t> AiCounters::Of::*member) {
    metrics.add(
        std::move(name), std::move(help), "counter", "provider", labels,
        [member](size_t at) { return static_cast<double>((ai_counters().of[at].*member).load()); });
  };
  by_provider("chatpad_ai_requests_total", "Requests to language models",
              &AiCounters::Of::requests);
  by_provider("chatpad_ai_failures_total", "Requests to language models that failed",
              &AiCounters::Of::failures);
  by_provider("chatpad_ai_not_asked_total", "Requests not sent because the service is down",
              &AiCounters::Of::refused);
  by_provider("chatpad_ai_breakers_opened_total", "Times a service was found to be down",
              &AiCounters::Of::opened);
  const auto plain = [&](std::string name, std::string help, std::atomic<uint64_t>& value) {
    metrics.add(std::move(name), std::move(help), "counter",
                [&value] { return static_cast<double>(value.load()); });
  };
  AiCounters& all = ai_counters();
  plain("chatpad_ai_input_tokens_total", "Tokens that language models read", all.input_tokens);
  plain("chatpad_ai_output_tokens_total", "Tokens that language models wrote", all.output_tokens);
  plain("chatpad_ai_cost_micros_total", "What answers cost, in millionths of a US dollar",
        all.cost_micros);
  plain("chatpad_ai_gave_up_total", "Answers that no language model gave", all.gave_up);
}

}  // namespace chatpad::functions::ai

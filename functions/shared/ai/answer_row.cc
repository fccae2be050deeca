#include "functions/shared/ai/answer_row.h"

#include "functions/shared/ai/ai_metrics.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::ai {

std::string answer_row(const Run& run, uint64_t now_ms) {
  const Outcome& outcome = run.outcome;
  wire::JsonWriter metadata;
  metadata.object();
  if (outcome.from_knowledge) metadata.field("fromKnowledge", true);
  if (outcome.estimated) metadata.field("tokensEstimated", true);
  if (outcome.length_reached) metadata.field("lengthReached", true);
  if (outcome.attempts > 1) metadata.field("attempts", outcome.attempts);
  if (run.failure) metadata.field("failure", error_info(run.failure->errc).code);
  metadata.array("steps");
  for (const auto& [name, at_ms] : run.steps) {
    metadata.object().field("step", name).field("atMs", static_cast<int64_t>(at_ms)).end();
  }
  metadata.end();
  metadata.end();
  wire::JsonWriter out;
  out.object()
      .field("content", run.text)
      .raw_field("citations", outcome.citations_json)
      .field("provider", outcome.provider)
      .field("model", outcome.model)
      .field("tokensIn", outcome.input_tokens)
      .field("tokensOut", outcome.output_tokens)
      .field("costMicros", outcome.cost_micros)
      .field("latencyMs", static_cast<int64_t>(now_ms - run.started_ms))
      .field("cutOff", run.cut)
      .raw_field("metadata", metadata.view());
  if (run.first_piece_ms > 0) {
    out.field("firstTokenMs", static_cast<int64_t>(run.first_piece_ms - run.started_ms));
  }
  out.end();
  return std::move(out).str();
}

void count_answer(const Outcome& outcome) {
  if (outcome.provider == "builtin" || outcome.provider == "scripted") return;
  AiCounters& counters = ai_counters();
  counters.input_tokens.fetch_add(static_cast<uint64_t>(outcome.input_tokens));
  counters.output_tokens.fetch_add(static_cast<uint64_t>(outcome.output_tokens));
  counters.cost_micros.fetch_add(static_cast<uint64_t>(outcome.cost_micros.value_or(0)));
}

}  // namespace chatpad::functions::ai

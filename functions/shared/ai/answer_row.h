// What is kept of an answer that has ended: its row as api.finish_answer takes it, and the
// counters.
#pragma once

#include <cstdint>
#include <string>

#include "functions/shared/ai/run.h"

namespace chatpad::functions::ai {

// The document of api.finish_answer.
std::string answer_row(const Run& run, uint64_t now_ms);

// Tokens and cost, into the metrics; answers that no service wrote count for nothing.
void count_answer(const Outcome& outcome);

}  // namespace chatpad::functions::ai

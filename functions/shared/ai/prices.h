// What an answer cost: tokens times the model's price, in millionths of a US dollar.
//
// CHATPAD_AI_PRICES comes first, then the list prices in prices.cc, of the models that are named in
// docs/models.md. A model of neither has no price: its cost is unknown, not zero. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/base/ai_settings.h"

namespace chatpad::functions::ai {

std::optional<ModelPrice> price_of(const AiSettings& settings, std::string_view model);
int64_t cost_micros(const ModelPrice& price, int64_t input_tokens, int64_t output_tokens);

// An estimate, for services that do not count: four ASCII characters, or one other, are a token.
int64_t estimated_tokens(std::string_view text);

}  // namespace chatpad::functions::ai

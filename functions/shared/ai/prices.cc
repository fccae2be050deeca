#include "functions/shared/ai/prices.h"

#include <cmath>

namespace chatpad::functions::ai {
namespace {

struct ListPrice {
  std::string_view model;
  ModelPrice price;
};

constexpr ListPrice kListPrices[] = {
    {"gpt-4o", {2.50, 10.00}},
    {"gpt-4o-mini", {0.15, 0.60}},
    {"gemini-2.5-flash", {0.30, 2.50}},
    {"gemini-2.5-pro", {1.25, 10.00}},
    {"claude-3.5-sonnet", {3.00, 15.00}},
    {"claude-haiku-4-5", {1.00, 5.00}},
};

}  // namespace

std::optional<ModelPrice> price_of(const AiSettings& settings, std::string_view model) {
  const auto own = settings.prices.find(std::string(model));
  if (own != settings.prices.end()) return own->second;
  // Gateways put the vendor before the name.
  const size_t slash = model.rfind('/');
  const std::string_view name = slash == model.npos ? model : model.substr(slash + 1);
  for (const ListPrice& listed : kListPrices) {
    if (listed.model == name) return listed.price;
  }
  return std::nullopt;
}

int64_t cost_micros(const ModelPrice& price, int64_t input_tokens, int64_t output_tokens) {
  const double micros = price.input * static_cast<double>(input_tokens) +
                        price.output * static_cast<double>(output_tokens);
  return static_cast<int64_t>(std::ceil(micros));
}

int64_t estimated_tokens(std::string_view text) {
  int64_t ascii = 0;
  int64_t other = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      ++ascii;
    } else if (byte >= 0xc0) {
      ++other;
    }
  }
  return (ascii + 3) / 4 + other;
}

}  // namespace chatpad::functions::ai

#include "functions/shared/knowledge/judge.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace chatpad::knowledge {
namespace {

constexpr float kTiny = 1e-6F;

// With mean 0 and deviation 1.
std::vector<float> standard(std::vector<float> values) {
  const auto count = static_cast<float>(values.size());
  const float mean = std::accumulate(values.begin(), values.end(), 0.0F) / count;
  float square = 0;
  for (float& value : values) {
    value -= mean;
    square += value * value;
  }
  const float deviation = std::sqrt(square / count) + kTiny;
  for (float& value : values) value /= deviation;
  return values;
}

}  // namespace

Judge::Judge(const JudgeWords& words, std::span<const JudgeRow> question)
    : words_(words), seen_(words.rows(), 0) {
  for (const JudgeRow row : question) {
    if (row == kNoJudgeRow || seen_[row] == piece_) continue;
    seen_[row] = piece_;
    knows_ = true;
    words_.add(row, words_.ratio(row), question_.data());
  }
  float square = 0;
  for (const float value : question_) square += value * value;
  for (float& value : question_) value /= std::sqrt(square) + kTiny;
}

// Two windows that follow each other have a step in common: each step is added up once. What both
// steps of a window have would count twice and is taken off.
float Judge::nearness(std::span<const JudgeRow> heading, std::span<const JudgeRow> content) {
  Sum under{};
  ++piece_;
  for (const JudgeRow row : heading) {
    if (row == kNoJudgeRow || seen_[row] == piece_) continue;
    seen_[row] = piece_;
    words_.add(row, kJudgeHeadingWeight, under.data());
  }
  float best = -1;
  Sum before{};
  bool any_before = false;
  for (std::size_t at = 0; at < content.size(); at += kJudgeStepWords) {
    ++piece_;
    Sum here{};
    Sum both{};
    bool any = false;
    for (const JudgeRow row : content.subspan(at, std::min(kJudgeStepWords, content.size() - at))) {
      if (row == kNoJudgeRow || seen_[row] == piece_) continue;
      if (at > 0 && seen_[row] == piece_ - 1) words_.add(row, 1, both.data());
      seen_[row] = piece_;
      words_.add(row, 1, here.data());
      any = true;
    }
    const bool is_whole_window = at > 0 || content.size() <= kJudgeStepWords;
    if (is_whole_window && (any || any_before)) {
      best = std::max(best, cosine(under, before, here, both));
    }
    before = here;
    any_before = any;
  }
  return best;
}

float Judge::cosine(const Sum& under, const Sum& before, const Sum& here, const Sum& both) const {
  float product = 0;
  float square = 0;
  for (std::size_t i = 0; i < kJudgeDims; ++i) {
    const float value = under[i] + before[i] + here[i] - both[i];
    product += value * question_[i];
    square += value * value;
  }
  return product / (std::sqrt(square) + kTiny);
}

std::vector<std::size_t> judged_order(std::span<const float> scores,
                                      std::span<const float> nearness, float evidence) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.empty()) return order;
  std::vector<float> logs;
  for (const float score : scores) logs.push_back(std::log(std::max(score, kTiny)));
  std::vector<float> value = standard(std::move(logs));
  const std::vector<float> near = standard({nearness.begin(), nearness.end()});
  const float weight = kJudgeWeight * (1 - std::clamp(evidence, 0.0F, 1.0F));
  for (std::size_t i = 0; i < value.size(); ++i) value[i] += weight * near[i];
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return value[a] > value[b]; });
  return order;
}

}  // namespace chatpad::knowledge

#include "functions/shared/knowledge/fuse.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace chatpad::knowledge {
namespace {

float share_of(std::size_t rank) { return 1.0F / (kFusionRank + 1.0F + static_cast<float>(rank)); }

}  // namespace

std::vector<Hit> fuse(std::vector<Hit> by_words, std::span<const Near> by_meaning) {
  std::unordered_map<std::size_t, std::size_t> rank_by_meaning;
  for (std::size_t rank = 0; rank < by_meaning.size(); ++rank) {
    rank_by_meaning.emplace(by_meaning[rank].row, rank);
  }
  std::vector<std::pair<float, Hit>> scored;
  for (std::size_t rank = 0; rank < by_words.size(); ++rank) {
    Hit hit = by_words[rank];
    float score = hit.score > 0 ? share_of(rank) : 0.0F;
    const auto found = rank_by_meaning.find(hit.passage);
    if (found != rank_by_meaning.end()) {
      score += kMeaningWeight * share_of(found->second);
      hit.similarity = by_meaning[found->second].similarity;
    }
    scored.emplace_back(score, hit);
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Hit> fused;
  fused.reserve(scored.size());
  for (const auto& [score, hit] : scored) fused.push_back(hit);
  return fused;
}

std::vector<Hit> diversify(std::vector<Hit> hits, const Vectors& vectors, float diversity,
                           std::size_t count) {
  std::vector<Hit> chosen;
  std::vector<float> common(hits.size(), 0.0F);  // with the nearest of the chosen
  std::vector<bool> taken(hits.size(), false);
  while (chosen.size() < std::min(count, hits.size())) {
    std::size_t best = hits.size();
    float best_value = 0;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      if (taken[i]) continue;
      const float place = 1.0F - static_cast<float>(i) / static_cast<float>(hits.size());
      const float value = (1 - diversity) * place - diversity * common[i];
      if (best == hits.size() || value > best_value) {
        best = i;
        best_value = value;
      }
    }
    taken[best] = true;
    chosen.push_back(hits[best]);
    for (std::size_t i = 0; i < hits.size(); ++i) {
      if (taken[i]) continue;
      common[i] = std::max(common[i], vectors.similarity(hits[i].passage, hits[best].passage));
    }
  }
  return chosen;
}

}  // namespace chatpad::knowledge

// Two orders of the same passages made one, and an order with less of the same.
//
// For: search.cc (words and meaning) and search_request.cc (diversity). Owner: nobody; pure.
// Errors: none. Limits: those of what is given.
// Sources: Cormack, Clarke, Buettcher, "Reciprocal Rank Fusion", 2009; Carbonell, Goldstein, "The
// Use of MMR", 1998.
#pragma once

#include <span>
#include <vector>

#include "functions/shared/knowledge/index.h"

namespace chatpad::knowledge {

/// How little the first ranks count more than the next. The 60 of the source makes one order of
/// what is in both, however low: a model that knows less than the words do then spoils them, and
/// what it knows better is lost among the rest (bench/meanings.mjs).
constexpr float kFusionRank = 5.0F;
/// What a rank by meaning counts beside one by words.
constexpr float kMeaningWeight = 0.7F;

/// `by_words` holds every passage of `by_meaning`, the best by words first; the result is ordered
/// by the weighted sum of the reciprocal ranks. What has none of the words has no rank by them,
/// even where the trained table has found it. Of equals, the one that is first by words is first.
std::vector<Hit> fuse(std::vector<Hit> by_words, std::span<const Near> by_meaning);

/// The first `count` of the hits, each the best of what is left after what it has in common with
/// those before it is taken off; `diversity` 0 leaves the order as it is, 1 looks at nothing but
/// that.
std::vector<Hit> diversify(std::vector<Hit> hits, const Vectors& vectors, float diversity,
                           std::size_t count);

}  // namespace chatpad::knowledge

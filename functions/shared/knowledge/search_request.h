// A search of knowledge as callers ask for it, and its answer.
//
// For: POST /v1/knowledge/search. What the caller may search and which groups it may speak for is
// decided in SQL (api.knowledge_search_scope) before an index is opened; the groups then narrow the
// search itself. Errors: validation_failed, not_found, insufficient_scope, insufficient_role.
// Limits: kQueryCharsMax, kTopKMax, kFilterSourcesMax; the agents of one search: see the SQL.
#pragma once

#include <optional>
#include <string>

#include "functions/shared/knowledge/view.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

constexpr size_t kSearchCharsMax = 2000;
constexpr int64_t kTopKDefault = 5;
constexpr int64_t kTopKMax = 50;
constexpr size_t kFilterSourcesMax = 100;

struct SearchRequest {
  std::string query;
  std::optional<Uuid> agent_id;  // without it, every agent of an API key's account
  int64_t top_k = kTopKDefault;
  double threshold = 0;  // results below this score are left out
  double diversity = 0;  // 0: the best; 1: the least alike
  chatpad::knowledge::Narrowing narrowing;
  std::vector<std::string> groups;
  static SearchRequest read(const wire::Fields& fields);
};

/// {"results": [{id, source_id, title, url, page, heading, content, score}]}
Task<std::string> find_knowledge(edge::Call call, SearchRequest request);

}  // namespace chatpad::functions

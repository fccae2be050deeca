// Items of knowledge: read out of a request one by one, so that a wrong one does not spoil the
// others, and cut into passages under their title. The result is the JSON that
// api.store_knowledge_items takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/wire/fields.h"

namespace chatpad::functions {

constexpr size_t kItemsMax = 1'000;
constexpr size_t kItemTitleCharsMax = 500;
constexpr size_t kItemContentCharsMax = 100'000;

class ItemList {
 public:
  // {title, content, type, metadata} of seed 000's storeKnowledgeItems.
  void add(const wire::Fields& item);
  // {question, answer, tags}; `id` and more are kept as metadata.
  void add_question(const wire::Fields& entry);
  void add(std::string_view title, std::string_view content, std::string_view type,
           std::string_view metadata_json);
  std::string json() &&;

 private:
  void fail(const Error& error);
  std::string out_ = "[";
};

}  // namespace chatpad::functions

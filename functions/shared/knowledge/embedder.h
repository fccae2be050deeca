// Embedder: texts into vectors, by the service that is set up (ServiceSettings), with the account's
// own key where it has one (the secret "embedding.api_key"); one per loop.
//
//   Embedder& embedder = context.local<Embedder>();
//   std::vector<float> meaning = co_await embedder.of_question(owner, question);   // empty: none
//
// A question's vector is kept (QuestionVectors, one lot for the program). A question is worth one
// short attempt: without its vector the words alone are searched, and a service that has failed a
// few times in a row is not asked for a while (breaker.h). Passages (of_passages) are asked
// for again when the service is busy; that it does not take them is no error but an answer. Errors
// of of_passages: upstream_failed, deadline_exceeded. of_question raises none. Limits:
// kEmbedTextsMax and kEmbedTextBytesMax of one request, kQuestionVectorsMax.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "functions/shared/knowledge/side_service.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

constexpr size_t kEmbedTextsMax = 64;
constexpr size_t kEmbedTextBytesMax = 8'000;  // the rest of a longer text is not sent
constexpr size_t kQuestionVectorsMax = 10'000;
constexpr uint64_t kQuestionVectorMs = 3'600'000;
constexpr uint64_t kQuestionMs = 3'000;
constexpr uint64_t kPassagesMs = 60'000;
constexpr int kEmbedAttemptsMax = 4;
constexpr uint64_t kEmbedAgainMsMax = 20'000;

// Vectors of questions that were asked lately; the least recently used goes first. For all loops.
class QuestionVectors {
 public:
  explicit QuestionVectors(edge::Commons& commons);

  std::vector<float> get(const std::string& question, uint64_t now_ms);
  void put(const std::string& question, std::vector<float> vector, uint64_t now_ms);
  void count_failure();

 private:
  struct Entry {
    std::string question;
    std::vector<float> vector;
    uint64_t until_ms;
  };
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_question_;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
  uint64_t failures_ = 0;
};

class Embedder {
 public:
  explicit Embedder(edge::Context& context);

  bool set() const { return service_.set(); }
  const std::string& model() const { return service_.model(); }

  Task<std::vector<float>> of_question(KeyOwner owner, std::string question);
  // Nothing when the service does not take these texts.
  Task<std::optional<std::vector<std::vector<float>>>> of_passages(KeyOwner owner,
                                                                   std::vector<std::string> texts);

 private:
  Task<http::Response> ask(const SideAccess* access, std::vector<std::string> texts,
                           uint64_t total_ms);

  edge::Context& context_;
  QuestionVectors& kept_;
  SideService service_;  // its breakers are those of questions
};

}  // namespace chatpad::functions

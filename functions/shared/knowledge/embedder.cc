#include "functions/shared/knowledge/embedder.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "functions/shared/knowledge/embedding_codec.h"
#include "runtime/base/log.h"
#include "runtime/edge/metrics.h"
#include "runtime/loop/loop.h"

namespace chatpad::functions {
namespace {

constexpr uint64_t kAgainFirstMs = 500;

bool may_pass(int status) { return status == 408 || status == 429 || status >= 500; }

// How long to wait before the next attempt: what the service says, within reason.
uint64_t again_ms(const http::ResponseHead& head, int attempt) {
  uint64_t wait = kAgainFirstMs << std::min(attempt, 10);
  const std::string_view said = head.header("retry-after");
  uint64_t seconds = 0;
  const auto [end, code] = std::from_chars(said.data(), said.data() + said.size(), seconds);
  if (!said.empty() && code == std::errc() && seconds < 3600) wait = seconds * 1000;
  return std::min(wait, kEmbedAgainMsMax);
}

[[noreturn]] void refuse(const http::Response& response) {
  raise(Errc::upstream_failed, PublicText(),
        LogText("embeddings: status " + std::to_string(response.head.status)));
}

}  // namespace

QuestionVectors::QuestionVectors(edge::Commons& commons) {
  edge::Metrics& metrics = commons.metrics();
  const auto counted = [this](const uint64_t& number) {
    return [this, &number] {
      const std::lock_guard lock(mutex_);
      return static_cast<double>(number);
    };
  };
  metrics.add("chatpad_embedding_questions_kept_total", "Questions whose vector was in memory.",
              "counter", counted(hits_));
  metrics.add("chatpad_embedding_questions_asked_total",
              "Questions whose vector a service was asked for.", "counter", counted(misses_));
  metrics.add("chatpad_embedding_failures_total", "Requests for vectors that failed.", "counter",
              counted(failures_));
}

std::vector<float> QuestionVectors::get(const std::string& question, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const auto found = by_question_.find(question);
  if (found == by_question_.end() || found->second->until_ms <= now_ms) {
    ++misses_;
    return {};
  }
  ++hits_;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->vector;
}

void QuestionVectors::put(const std::string& question, std::vector<float> vector, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const auto found = by_question_.find(question);
  if (found != by_question_.end()) {
    const auto entry = found->second;
    by_question_.erase(found);
    entries_.erase(entry);
  }
  if (entries_.size() >= kQuestionVectorsMax) {
    by_question_.erase(entries_.back().question);
    entries_.pop_back();
  }
  entries_.push_front({question, std::move(vector), now_ms + kQuestionVectorMs});
  by_question_.emplace(entries_.front().question, entries_.begin());
}

void QuestionVectors::count_failure() {
  const std::lock_guard lock(mutex_);
  ++failures_;
}

Embedder::Embedder(edge::Context& context)
    : context_(context),
      kept_(context.commons().get<QuestionVectors>()),
      service_(context, context.config().embedding, "embedding.api_key") {}

Task<http::Response> Embedder::ask(const SideAccess* access, std::vector<std::string> texts,
                                   uint64_t total_ms) {
  for (std::string& text : texts) shorten(text, kEmbedTextBytesMax);
  std::string body = chatpad::knowledge::embed_body(model(), texts);
  const SideLimits limits{total_ms, chatpad::knowledge::kEmbedAnswerBytesMax};
  http::Response response = co_await service_.post(access, "/embeddings", std::move(body), limits);
  co_return response;
}

Task<std::vector<float>> Embedder::of_question(KeyOwner owner, std::string question) {
  std::vector<float> vector;
  if (!set()) co_return vector;
  const std::string key = model() + "\n" + question;
  vector = kept_.get(key, context_.loop().now_ms());
  if (!vector.empty()) co_return vector;
  SideAccess access;
  std::optional<ai::Admission> admission;
  std::vector<std::string> texts;
  texts.push_back(std::move(question));
  bool about_texts = false;
  try {
    access = co_await service_.access(std::move(owner));
    if (!access.breaker->admit(context_.loop().now_ms())) co_return vector;
    admission.emplace(*access.breaker);
    http::Response response = co_await ask(&access, std::move(texts), kQuestionMs);
    about_texts = is_about_texts(response.head.status);
    if (response.head.status != 200) refuse(response);
    auto rows = chatpad::knowledge::read_embeddings(response.body, 1).or_raise();
    vector = std::move(rows.front());
    admission->succeeded();
  } catch (const Raised& raised) {
    if (admission && !about_texts) admission->failed(context_.loop().now_ms());
    kept_.count_failure();
    log::Line(LogLevel::warn, "embedding_failed")
        .field("code", error_info(raised.error().errc).code)
        .field("cause", raised.error().cause.value);
  }
  if (!vector.empty()) kept_.put(key, vector, context_.loop().now_ms());
  co_return vector;
}

Task<std::optional<std::vector<std::vector<float>>>> Embedder::of_passages(
    KeyOwner owner, std::vector<std::string> texts) {
  const size_t asked = texts.size();
  const SideAccess access = co_await service_.access(std::move(owner));
  for (int attempt = 0;; ++attempt) {
    std::vector<std::string> copy = texts;
    http::Response response = co_await ask(&access, std::move(copy), kPassagesMs);
    if (response.head.status == 200) {
      auto rows = chatpad::knowledge::read_embeddings(response.body, asked).or_raise();
      co_return rows;
    }
    kept_.count_failure();
    if (is_about_texts(response.head.status)) co_return std::nullopt;
    if (!may_pass(response.head.status) || attempt + 1 >= kEmbedAttemptsMax) refuse(response);
    const uint64_t wait = again_ms(response.head, attempt);
    co_await sleep_for(context_.loop(), wait);
  }
}

}  // namespace chatpad::functions

#include "functions/shared/knowledge/embedder.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "functions/shared/knowledge/embedding_codec.h"
#include "functions/shared/knowledge/side_service.h"
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
      settings_(context.config().embedding),
      kept_(context.commons().get<QuestionVectors>()),
      client_(context.loop(), side_client(settings_)) {}

Task<http::Response> Embedder::ask(std::vector<std::string> texts, uint64_t total_ms) {
  http::ClientRequest request = side_request(settings_, "/embeddings", total_ms);
  for (std::string& text : texts) shorten(text, kEmbedTextBytesMax);
  request.body = chatpad::knowledge::embed_body(settings_.model, texts);
  request.response_bytes_max = chatpad::knowledge::kEmbedAnswerBytesMax;
  http::Response response = co_await http::fetch(client_, std::move(request));
  co_return response;
}

Task<std::vector<float>> Embedder::of_question(std::string question) {
  std::vector<float> vector;
  if (!set()) co_return vector;
  const std::string key = settings_.model + "\n" + question;
  vector = kept_.get(key, context_.loop().now_ms());
  if (!vector.empty() || !breaker_.admit(context_.loop().now_ms())) co_return vector;
  ai::Admission admission(breaker_);
  std::vector<std::string> texts;
  texts.push_back(std::move(question));
  bool about_texts = false;
  try {
    http::Response response = co_await ask(std::move(texts), kQuestionMs);
    about_texts = is_about_texts(response.head.status);
    if (response.head.status != 200) refuse(response);
    auto rows = chatpad::knowledge::read_embeddings(response.body, 1).or_raise();
    vector = std::move(rows.front());
    admission.succeeded();
  } catch (const Raised& raised) {
    if (!about_texts) admission.failed(context_.loop().now_ms());
    kept_.count_failure();
    log::Line(LogLevel::warn, "embedding_failed")
        .field("code", error_info(raised.error().errc).code)
        .field("cause", raised.error().cause.value);
  }
  if (!vector.empty()) kept_.put(key, vector, context_.loop().now_ms());
  co_return vector;
}

Task<std::optional<std::vector<std::vector<float>>>> Embedder::of_passages(
    std::vector<std::string> texts) {
  const size_t asked = texts.size();
  for (int attempt = 0;; ++attempt) {
    std::vector<std::string> copy = texts;
    http::Response response = co_await ask(std::move(copy), kPassagesMs);
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

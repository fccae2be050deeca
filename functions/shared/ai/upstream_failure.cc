#include "functions/shared/ai/upstream_failure.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

namespace chatpad::functions::ai {
namespace {

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !(value >= 0)) return std::nullopt;
  return std::min(value, 1e9);
}

std::optional<int64_t> http_date_s(std::string_view text) {
  const std::string copy(text);
  std::tm parts{};
  const char* end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<int64_t>(::timegm(&parts));
}

std::string text_of(const wire::Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  return found->is_number_integer() ? std::to_string(found->get<int64_t>()) : "";
}

UpstreamFailure::Kind kind_of(int status) {
  using Kind = UpstreamFailure::Kind;
  if (status == 429 || status == 529) return Kind::busy;
  if (status == 408 || status == 504) return Kind::late;
  if (status == 409 || status >= 500) return Kind::broken;
  return Kind::refused;
}

// What a service reports in the middle of a stream comes without a status.
UpstreamFailure::Kind kind_of_words(std::string_view type, std::string_view code) {
  using Kind = UpstreamFailure::Kind;
  for (const std::string_view word : {type, code}) {
    if (word.find("overloaded") != word.npos || word.find("rate_limit") != word.npos ||
        word == "429" || word == "529" || word == "RESOURCE_EXHAUSTED") {
      return Kind::busy;
    }
  }
  for (const std::string_view word :
       {"invalid_request_error", "authentication_error", "permission_error", "not_found_error",
        "billing_error", "request_too_large"}) {
    if (type == word) return Kind::refused;
  }
  return Kind::broken;
}

const wire::Json* error_object(const wire::Json& document) {
  const wire::Json* at = &document;
  if (at->is_array() && !at->empty()) at = &at->front();
  if (!at->is_object()) return nullptr;
  const auto error = at->find("error");
  return error == at->end() ? at : &*error;
}

}  // namespace

UpstreamFailure failure_of(int status, const wire::Json& document) {
  UpstreamFailure failure;
  failure.status = status;
  std::string type;
  if (const wire::Json* error = error_object(document)) {
    if (error->is_string()) {
      failure.words = error->get<std::string>();
    } else if (error->is_object()) {
      type = text_of(*error, "type");
      if (type.empty()) type = text_of(*error, "status");
      failure.code = text_of(*error, "code");
      failure.words = text_of(*error, "message");
    }
  }
  if (failure.code.empty()) failure.code = type;
  failure.kind = status > 0 ? kind_of(status) : kind_of_words(type, failure.code);
  // Money does not come back by waiting.
  if (failure.code == "insufficient_quota") failure.kind = UpstreamFailure::Kind::refused;
  failure.code.resize(std::min<size_t>(failure.code.size(), 100));
  failure.words.resize(std::min(failure.words.size(), kFailureWordsMax));
  return failure;
}

UpstreamFailure read_failure(int status, std::string_view body) {
  const Result<wire::Json> document = wire::parse_json(body, {.bytes_max = kFailureBytesMax});
  UpstreamFailure failure = failure_of(status, document ? *document : wire::Json());
  if (!document) failure.words = std::string(body.substr(0, kFailureWordsMax));
  return failure;
}

UpstreamFailure failure_of(const Error& error) {
  UpstreamFailure failure;
  using Kind = UpstreamFailure::Kind;
  failure.kind = error.errc == Errc::deadline_exceeded   ? Kind::late
                 : error.errc == Errc::validation_failed ? Kind::refused
                 : error.errc == Errc::overloaded        ? Kind::busy
                                                         : Kind::unreachable;
  failure.words = error.cause.value.substr(0, kFailureWordsMax);
  return failure;
}

void read_retry_headers(UpstreamFailure& failure, const HeaderOf& header, int64_t now_s) {
  using Kind = UpstreamFailure::Kind;
  const std::string_view should = header("x-should-retry");
  if (should == "false") failure.kind = Kind::refused;
  if (should == "true" && failure.kind == Kind::refused) failure.kind = Kind::broken;
  if (const auto ms = number_of(header("retry-after-ms"))) {
    failure.retry_after_ms = static_cast<uint64_t>(*ms);
    return;
  }
  const std::string_view after = header("retry-after");
  if (const auto seconds = number_of(after)) {
    failure.retry_after_ms = static_cast<uint64_t>(*seconds * 1000);
  } else if (const auto date = http_date_s(after)) {
    failure.retry_after_ms = static_cast<uint64_t>(std::max<int64_t>(0, *date - now_s)) * 1000;
  }
}

std::optional<uint64_t> retry_wait_ms(const UpstreamFailure& failure, int attempt, double random) {
  if (!failure.retryable()) return std::nullopt;
  if (failure.retry_after_ms) {
    if (*failure.retry_after_ms > kRetryWaitMsMax) return std::nullopt;
    return *failure.retry_after_ms;
  }
  const uint64_t doubled = kRetryFirstMs << std::min(attempt, 10);
  const uint64_t wait = std::min(doubled, kRetryWaitMsMax);
  return wait - static_cast<uint64_t>(static_cast<double>(wait) * 0.25 * random);
}

}  // namespace chatpad::functions::ai

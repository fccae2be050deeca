// UpstreamFailure: what a service that was asked for an answer said instead, and whether and when
// to ask it again. Pure; status and words of OpenAI, Azure, Google and Anthropic.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::ai {

constexpr uint64_t kRetryFirstMs = 500;      // doubled with each attempt
constexpr uint64_t kRetryWaitMsMax = 8'000;  // whoever wants to be left alone longer is passed over
constexpr size_t kFailureBytesMax = 64 * 1024;  // of an error's body that are looked at
constexpr size_t kFailureWordsMax = 300;        // of the service's own words, for the log

struct UpstreamFailure {
  enum class Kind : uint8_t {
    refused,     // our request or our key: asking again changes nothing
    busy,        // 429, 529: later
    broken,      // 5xx, cut off, garbage
    late,        // nothing came in time
    unreachable  // no connection
  };
  Kind kind = Kind::broken;
  int status = 0;  // 0: no answer at all
  std::string code;
  std::string words;
  std::optional<uint64_t> retry_after_ms;

  bool retryable() const { return kind != Kind::refused; }
  // Something is wrong with the service rather than with this one request.
  bool counts_against() const { return kind != Kind::refused && kind != Kind::busy; }
};

// The error object of a body or of an event: {"error": {...}}, an array of one of those, or less.
UpstreamFailure read_failure(int status, std::string_view body);
UpstreamFailure failure_of(int status, const wire::Json& document);
UpstreamFailure failure_of(const Error& error);

// A header by its lower-case name, empty when absent.
using HeaderOf = std::function<std::string_view(std::string_view name)>;
// retry-after-ms, retry-after in seconds or as a date (RFC 9110, 10.2.3), x-should-retry.
void read_retry_headers(UpstreamFailure& failure, const HeaderOf& header, int64_t now_s);

// How long to wait before attempt `attempt` + 1 (0 was the first); nullopt: do not ask again.
// `random` is from [0, 1) and takes up to a quarter off.
std::optional<uint64_t> retry_wait_ms(const UpstreamFailure& failure, int attempt, double random);

}  // namespace chatpad::functions::ai

// Why a file, page or site could not be read: a closed list of stable codes, each with the sentence
// that people read. Codes that the extractor writes (extract/emitter.h) are among them; a code it
// does not know comes from something that has gone wrong with it, and is extractor_failed.
//
// docs/api/knowledge.md lists them.
#pragma once

#include <span>
#include <string_view>

#include "runtime/jobs/job.h"

namespace chatpad::ingest {

struct FailureInfo {
  std::string_view code;
  std::string_view sentence;
  jobs::Retry retry;
};

std::span<const FailureInfo> failure_table();
// The row of `code`, or that of extractor_failed.
const FailureInfo& failure_info(std::string_view code);
[[noreturn]] void fail_with(std::string_view code);

}  // namespace chatpad::ingest

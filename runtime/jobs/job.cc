#include "runtime/jobs/job.h"

namespace chatpad::jobs {

void job_failed(std::string_view code, PublicText message, Retry retry) {
  throw JobFailure(std::string(code), std::move(message), retry);
}

void job_yields() { throw JobYield(); }

}  // namespace chatpad::jobs

#include <csignal>

#include "functions/shared/ingest/extraction.h"

namespace chatpad::ingest {
namespace {

Event failure(const char* code) {
  Event event;
  event.code = code;
  return event;
}

}  // namespace

Task<Event> next_event(Child& child) {
  std::optional<std::string> line = co_await child.line();
  if (line) co_return read_event(*line);
  const ChildExit& exit = child.exit();
  if (!exit.has_started) co_return failure("extractor_failed");
  if (exit.was_too_slow || exit.signal == SIGXCPU) co_return failure("took_too_long");
  co_return failure("file_damaged");
}

}  // namespace chatpad::ingest

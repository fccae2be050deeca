// ModelStream: reads the answer of a language model as it arrives, in either format: OpenAI's chat
// completion chunks or Anthropic's message events, as server-sent events; also the whole document
// of a service that does not stream.
//
//   ModelStream stream(dialect, Shape::events);
//   stream.feed(bytes, pieces).or_raise();   // pieces: text in the order the model said it
//   stream.end().or_raise();                 // when the transfer has ended
//
// Lenient as the services are different: unknown events and fields are skipped, [DONE] or a finish
// reason is enough of an end. Thoughts (reasoning_content, thinking) are not text. Text is always
// whole UTF-8. Calls of tools are put together
// beside the text; of more or longer ones than the limits allow none is kept. Pure, no I/O.
//
// Errors: Errc::upstream_failed when an event is no JSON object or larger than the limits, when the
// service reports an error in the stream (failure() has it), when the stream ends before the answer
// does; after that it stays failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/ai/model_request.h"
#include "functions/shared/ai/upstream_failure.h"
#include "runtime/base/error.h"
#include "runtime/wire/sse.h"

namespace simdjson::dom {
class element;
}

namespace chatpad::functions::ai {

constexpr size_t kModelEventBytesMax = 256 * 1024;      // of one event of a stream
constexpr size_t kToolCallsMax = 4;                     // of one answer of the model
constexpr size_t kToolArgumentsBytesMax = 4096;         // of one call
constexpr size_t kModelDocumentBytesMax = 1024 * 1024;  // of an answer that is not streamed

class ModelStream {
 public:
  enum class Shape : uint8_t { events, document };
  enum class Finish : uint8_t { none, stop, length, filtered, tool };

  ModelStream(Dialect dialect, Shape shape);

  Result<void> feed(std::string_view bytes, std::vector<std::string>& pieces);
  Result<void> end(std::vector<std::string>& pieces);

  // The model has said everything; what follows is not needed.
  bool complete() const { return complete_; }
  Finish finish() const { return finish_; }
  // What it called, complete once complete() is.
  const std::vector<ToolCall>& tool_calls() const { return tool_calls_; }
  const std::string& model() const { return model_; }  // as the service calls it; may be empty
  std::optional<int64_t> input_tokens() const { return input_tokens_; }
  std::optional<int64_t> output_tokens() const { return output_tokens_; }
  const std::optional<UpstreamFailure>& failure() const { return failure_; }

 private:
  Result<void> event(const wire::SseEvent& event, std::vector<std::string>& pieces);
  Result<void> read(std::string_view json, std::vector<std::string>& pieces);
  void read_openai(const simdjson::dom::element& chunk, std::vector<std::string>& pieces);
  void read_choice(const simdjson::dom::element& choice, std::vector<std::string>& pieces);
  void read_usage(const simdjson::dom::element& usage);
  void read_anthropic(const simdjson::dom::element& event, std::vector<std::string>& pieces);
  void read_anthropic_document(const simdjson::dom::element& message,
                               std::vector<std::string>& pieces);
  void read_tool_calls(const simdjson::dom::element& said);
  ToolCall* tool_call(size_t index);
  void note_finish(std::string_view reason);
  Error broken(std::string why);

  Dialect dialect_;
  Shape shape_;
  wire::SseParser parser_;
  std::vector<wire::SseEvent> events_;
  std::string document_;
  bool complete_ = false;
  bool failed_ = false;
  Finish finish_ = Finish::none;
  std::vector<ToolCall> tool_calls_;
  bool too_many_tools_ = false;
  std::string model_;
  std::optional<int64_t> input_tokens_;
  std::optional<int64_t> output_tokens_;
  std::optional<UpstreamFailure> failure_;
};

}  // namespace chatpad::functions::ai

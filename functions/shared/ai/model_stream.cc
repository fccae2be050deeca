#include "functions/shared/ai/model_stream.h"

#include <nlohmann/json.hpp>

namespace chatpad::functions::ai {
namespace {

const wire::Json* member(const wire::Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string_view text_member(const wire::Json& object, const char* name) {
  const wire::Json* value = member(object, name);
  if (!value || !value->is_string()) return {};
  return value->get_ref<const std::string&>();
}

void count_member(const wire::Json& object, const char* name, std::optional<int64_t>& into) {
  const wire::Json* value = member(object, name);
  if (!value || !value->is_number_integer()) return;
  const auto count = value->get<int64_t>();
  if (count >= 0 && count <= 1'000'000'000) into = count;
}

// Without the controls that no text of ours may hold; PostgreSQL has no NUL.
void add(std::vector<std::string>& pieces, std::string_view text) {
  std::string piece;
  piece.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 ? byte != 0x7f : c == '\n' || c == '\t' || c == '\r') piece += c;
  }
  if (!piece.empty()) pieces.push_back(std::move(piece));
}

// Content is text, or parts of which some are text.
void add_content(std::vector<std::string>& pieces, const wire::Json* content) {
  if (!content) return;
  if (content->is_string()) return add(pieces, content->get_ref<const std::string&>());
  if (!content->is_array()) return;
  for (const wire::Json& part : *content) {
    if (text_member(part, "type") == "text") add(pieces, text_member(part, "text"));
  }
}

}  // namespace

ModelStream::ModelStream(Dialect dialect, Shape shape)
    : dialect_(dialect),
      shape_(shape),
      parser_({.line_bytes_max = kModelEventBytesMax, .event_bytes_max = kModelEventBytesMax}) {}

Error ModelStream::broken(std::string why) {
  failed_ = true;
  if (!failure_) {
    failure_.emplace();
    failure_->words = why;
  }
  return Error(Errc::upstream_failed, PublicText(), LogText(std::move(why)));
}

Result<void> ModelStream::feed(std::string_view bytes, std::vector<std::string>& pieces) {
  if (failed_) return broken("the stream has failed before");
  if (complete_) return {};
  if (shape_ == Shape::document) {
    if (document_.size() + bytes.size() > kModelDocumentBytesMax) {
      return broken("the answer is too large");
    }
    document_ += bytes;
    return {};
  }
  events_.clear();
  const Result<void> fed = parser_.feed(bytes, events_);
  for (const wire::SseEvent& one : events_) {
    if (complete_) break;
    const Result<void> taken = event(one, pieces);
    if (!taken) return taken;
  }
  return fed ? fed : broken("a line of the stream is too long");
}

Result<void> ModelStream::end(std::vector<std::string>& pieces) {
  if (failed_) return broken("the stream has failed before");
  if (shape_ == Shape::document) {
    const Result<void> taken = read(document_, pieces);
    if (!taken) return taken;
  }
  if (!complete_ && finish_ == Finish::none) return broken("the stream was cut off");
  complete_ = true;
  return {};
}

Result<void> ModelStream::event(const wire::SseEvent& one, std::vector<std::string>& pieces) {
  if (one.data == "[DONE]") {
    complete_ = true;
    if (finish_ == Finish::none) finish_ = Finish::stop;
    return {};
  }
  return read(one.data, pieces);
}

Result<void> ModelStream::read(std::string_view json, std::vector<std::string>& pieces) {
  const Result<wire::Json> parsed = wire::parse_json(json, {.bytes_max = kModelDocumentBytesMax});
  if (!parsed) return broken("what came is no JSON: " + parsed.error().message.value);
  const bool array_of_error =
      parsed->is_array() && !parsed->empty() && member((*parsed)[0], "error");
  if (member(*parsed, "error") || array_of_error) {
    failure_ = failure_of(0, *parsed);
    return broken("the service reported: " + failure_->words);
  }
  if (!parsed->is_object()) return broken("what came is no JSON object");
  if (dialect_ != Dialect::anthropic) {
    read_openai(*parsed, pieces);
  } else if (shape_ == Shape::document) {
    read_anthropic_document(*parsed, pieces);
  } else {
    read_anthropic(*parsed, pieces);
  }
  return {};
}

void ModelStream::read_openai(const wire::Json& chunk, std::vector<std::string>& pieces) {
  if (model_.empty()) model_ = text_member(chunk, "model").substr(0, 200);
  const wire::Json* choices = member(chunk, "choices");
  if (choices && choices->is_array()) {
    for (const wire::Json& choice : *choices) read_choice(choice, pieces);
  }
  if (const wire::Json* usage = member(chunk, "usage")) read_usage(*usage);
}

void ModelStream::read_choice(const wire::Json& choice, std::vector<std::string>& pieces) {
  const wire::Json* index = member(choice, "index");
  if (index && index->is_number_integer() && index->get<int64_t>() != 0) return;
  const wire::Json* said = member(choice, shape_ == Shape::document ? "message" : "delta");
  if (said && finish_ == Finish::none) {
    add_content(pieces, member(*said, "content"));
    add(pieces, text_member(*said, "refusal"));
    if (const wire::Json* calls = member(*said, "tool_calls")) read_tool_calls(*calls);
  }
  note_finish(text_member(choice, "finish_reason"));
}

// The index-th call; null beyond the limit, when none is kept.
ToolCall* ModelStream::tool_call(size_t index) {
  if (index >= kToolCallsMax) too_many_tools_ = true;
  if (too_many_tools_) {
    tool_calls_.clear();
    return nullptr;
  }
  if (tool_calls_.size() <= index) tool_calls_.resize(index + 1);
  return &tool_calls_[index];
}

// OpenAI's: in a stream the arguments come in pieces, by the call's index.
void ModelStream::read_tool_calls(const wire::Json& calls) {
  if (!calls.is_array()) return;
  size_t next = 0;
  for (const wire::Json& one : calls) {
    const wire::Json* number = member(one, "index");
    const size_t index = number && number->is_number_unsigned() ? number->get<size_t>() : next;
    next = index + 1;
    ToolCall* call = tool_call(index);
    const wire::Json* function = member(one, "function");
    if (!call || !function) continue;
    if (call->id.empty()) call->id = text_member(one, "id").substr(0, 200);
    if (call->name.empty()) call->name = text_member(*function, "name").substr(0, 200);
    call->arguments += text_member(*function, "arguments");
    if (call->arguments.size() > kToolArgumentsBytesMax) tool_call(kToolCallsMax);
  }
}

void ModelStream::read_usage(const wire::Json& usage) {
  if (dialect_ != Dialect::anthropic) {
    count_member(usage, "prompt_tokens", input_tokens_);
    count_member(usage, "completion_tokens", output_tokens_);
    return;
  }
  // What came out of the service's cache was read as well.
  std::optional<int64_t> fresh;
  std::optional<int64_t> written;
  std::optional<int64_t> cached;
  count_member(usage, "input_tokens", fresh);
  count_member(usage, "cache_creation_input_tokens", written);
  count_member(usage, "cache_read_input_tokens", cached);
  if (fresh) input_tokens_ = *fresh + written.value_or(0) + cached.value_or(0);
  count_member(usage, "output_tokens", output_tokens_);
}

void ModelStream::read_anthropic(const wire::Json& event, std::vector<std::string>& pieces) {
  const std::string_view type = text_member(event, "type");
  if (type == "message_start") {
    const wire::Json* message = member(event, "message");
    if (!message) return;
    if (model_.empty()) model_ = text_member(*message, "model").substr(0, 200);
    if (const wire::Json* usage = member(*message, "usage")) read_usage(*usage);
  } else if (type == "content_block_start") {
    const wire::Json* block = member(event, "content_block");
    if (block && text_member(*block, "type") == "text") add(pieces, text_member(*block, "text"));
    if (block && text_member(*block, "type") == "tool_use") {
      if (ToolCall* call = tool_call(tool_calls_.size())) {
        call->id = text_member(*block, "id").substr(0, 200);
        call->name = text_member(*block, "name").substr(0, 200);
      }
    }
  } else if (type == "content_block_delta") {
    const wire::Json* delta = member(event, "delta");
    if (delta && text_member(*delta, "type") == "text_delta") {
      add(pieces, text_member(*delta, "text"));
    }
    if (delta && text_member(*delta, "type") == "input_json_delta" && !tool_calls_.empty()) {
      std::string& arguments = tool_calls_.back().arguments;
      arguments += text_member(*delta, "partial_json");
      if (arguments.size() > kToolArgumentsBytesMax) tool_call(kToolCallsMax);
    }
  } else if (type == "message_delta") {
    if (const wire::Json* delta = member(event, "delta")) {
      note_finish(text_member(*delta, "stop_reason"));
    }
    if (const wire::Json* usage = member(event, "usage")) {
      count_member(*usage, "output_tokens", output_tokens_);
    }
  } else if (type == "message_stop") {
    complete_ = true;
    if (finish_ == Finish::none) finish_ = Finish::stop;
  }
}

void ModelStream::read_anthropic_document(const wire::Json& message,
                                          std::vector<std::string>& pieces) {
  model_ = text_member(message, "model").substr(0, 200);
  add_content(pieces, member(message, "content"));
  const wire::Json* content = member(message, "content");
  for (const wire::Json& block : content && content->is_array() ? *content : wire::Json::array()) {
    if (text_member(block, "type") != "tool_use") continue;
    if (ToolCall* call = tool_call(tool_calls_.size())) {
      call->id = text_member(block, "id").substr(0, 200);
      call->name = text_member(block, "name").substr(0, 200);
      if (const wire::Json* input = member(block, "input")) call->arguments = wire::dump(*input);
      if (call->arguments.size() > kToolArgumentsBytesMax) tool_call(kToolCallsMax);
    }
  }
  note_finish(text_member(message, "stop_reason"));
  if (const wire::Json* usage = member(message, "usage")) read_usage(*usage);
}

void ModelStream::note_finish(std::string_view reason) {
  if (reason.empty() || finish_ != Finish::none) return;
  if (reason == "length" || reason == "max_tokens" || reason == "model_context_window_exceeded") {
    finish_ = Finish::length;
  } else if (reason == "content_filter" || reason == "refusal") {
    finish_ = Finish::filtered;
  } else if (reason == "tool_calls" || reason == "tool_use" || reason == "function_call") {
    finish_ = Finish::tool;
  } else {
    finish_ = Finish::stop;
  }
}

}  // namespace chatpad::functions::ai

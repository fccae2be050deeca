#include "functions/shared/ai/model_stream.h"

#include <simdjson.h>

namespace chatpad::functions::ai {
namespace {

// A model's answer comes in hundreds of small documents: they are read with simdjson, which builds
// nothing that outlives the reading of the next one.
using Value = simdjson::dom::element;

std::optional<Value> member(const Value& object, std::string_view name) {
  Value value;
  if (object.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::string_view text_of(const Value& value) {
  std::string_view text;
  return value.get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::string_view text_member(const Value& object, std::string_view name) {
  const std::optional<Value> value = member(object, name);
  return value ? text_of(*value) : std::string_view();
}

// Of what is no array: none.
template <class Fn>
void for_each_item(const std::optional<Value>& value, Fn fn) {
  simdjson::dom::array items;
  if (!value || value->get_array().get(items) != simdjson::SUCCESS) return;
  for (const Value item : items) fn(item);
}

void count_member(const Value& object, std::string_view name, std::optional<int64_t>& into) {
  const std::optional<Value> value = member(object, name);
  int64_t count = 0;
  if (!value || value->get_int64().get(count) != simdjson::SUCCESS) return;
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
void add_content(std::vector<std::string>& pieces, const std::optional<Value>& content) {
  if (content) add(pieces, text_of(*content));
  for_each_item(content, [&pieces](const Value& part) {
    if (text_member(part, "type") == "text") add(pieces, text_member(part, "text"));
  });
}

// What a service says instead of an answer; some put it into an array.
bool is_error(const Value& document) {
  Value first;
  return member(document, "error") ||
         (document.at(0).get(first) == simdjson::SUCCESS && member(first, "error"));
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
  for (wire::SseEvent& one : events_) {
    if (complete_) break;
    const Result<void> taken = event(one, pieces);
    if (!taken) return taken;
    parser_.reuse(std::move(one.data));
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
  static thread_local simdjson::dom::parser parser(kModelDocumentBytesMax);
  Value document;
  const auto code = parser.parse(json.data(), json.size()).get(document);
  if (code != simdjson::SUCCESS) {
    return broken(std::string("what came is no JSON: ") + simdjson::error_message(code));
  }
  if (is_error(document)) {
    failure_ = read_failure(0, json);
    return broken("the service reported: " + failure_->words);
  }
  if (!document.is_object()) return broken("what came is no JSON object");
  if (dialect_ != Dialect::anthropic) {
    read_openai(document, pieces);
  } else if (shape_ == Shape::document) {
    read_anthropic_document(document, pieces);
  } else {
    read_anthropic(document, pieces);
  }
  return {};
}

void ModelStream::read_openai(const Value& chunk, std::vector<std::string>& pieces) {
  if (model_.empty()) model_ = text_member(chunk, "model").substr(0, 200);
  for_each_item(member(chunk, "choices"),
                [&](const Value& choice) { read_choice(choice, pieces); });
  if (const auto usage = member(chunk, "usage")) read_usage(*usage);
}

void ModelStream::read_choice(const Value& choice, std::vector<std::string>& pieces) {
  int64_t index = 0;
  if (choice.at_key("index").get(index) == simdjson::SUCCESS && index != 0) return;
  const auto said = member(choice, shape_ == Shape::document ? "message" : "delta");
  if (said && finish_ == Finish::none) {
    add_content(pieces, member(*said, "content"));
    add(pieces, text_member(*said, "refusal"));
    read_tool_calls(*said);
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
void ModelStream::read_tool_calls(const Value& said) {
  uint64_t next = 0;
  for_each_item(member(said, "tool_calls"), [&](const Value& one) {
    uint64_t index = next;
    if (one.at_key("index").get(index) != simdjson::SUCCESS) index = next;
    next = index + 1;
    ToolCall* call = tool_call(index);
    const auto function = member(one, "function");
    if (!call || !function) return;
    if (call->id.empty()) call->id = text_member(one, "id").substr(0, 200);
    if (call->name.empty()) call->name = text_member(*function, "name").substr(0, 200);
    call->arguments += text_member(*function, "arguments");
    if (call->arguments.size() > kToolArgumentsBytesMax) tool_call(kToolCallsMax);
  });
}

void ModelStream::read_usage(const Value& usage) {
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

void ModelStream::read_anthropic(const Value& event, std::vector<std::string>& pieces) {
  const std::string_view type = text_member(event, "type");
  if (type == "message_start") {
    const auto message = member(event, "message");
    if (!message) return;
    if (model_.empty()) model_ = text_member(*message, "model").substr(0, 200);
    if (const auto usage = member(*message, "usage")) read_usage(*usage);
  } else if (type == "content_block_start") {
    const auto block = member(event, "content_block");
    if (block && text_member(*block, "type") == "text") add(pieces, text_member(*block, "text"));
    if (block && text_member(*block, "type") == "tool_use") {
      if (ToolCall* call = tool_call(tool_calls_.size())) {
        call->id = text_member(*block, "id").substr(0, 200);
        call->name = text_member(*block, "name").substr(0, 200);
      }
    }
  } else if (type == "content_block_delta") {
    const auto delta = member(event, "delta");
    if (delta && text_member(*delta, "type") == "text_delta") {
      add(pieces, text_member(*delta, "text"));
    }
    if (delta && text_member(*delta, "type") == "input_json_delta" && !tool_calls_.empty()) {
      std::string& arguments = tool_calls_.back().arguments;
      arguments += text_member(*delta, "partial_json");
      if (arguments.size() > kToolArgumentsBytesMax) tool_call(kToolCallsMax);
    }
  } else if (type == "message_delta") {
    if (const auto delta = member(event, "delta")) {
      note_finish(text_member(*delta, "stop_reason"));
    }
    if (const auto usage = member(event, "usage")) {
      count_member(*usage, "output_tokens", output_tokens_);
    }
  } else if (type == "message_stop") {
    complete_ = true;
    if (finish_ == Finish::none) finish_ = Finish::stop;
  }
}

void ModelStream::read_anthropic_document(const Value& message, std::vector<std::string>& pieces) {
  model_ = text_member(message, "model").substr(0, 200);
  const auto content = member(message, "content");
  add_content(pieces, content);
  for_each_item(content, [this](const Value& block) {
    if (text_member(block, "type") != "tool_use") return;
    ToolCall* call = tool_call(tool_calls_.size());
    if (!call) return;
    call->id = text_member(block, "id").substr(0, 200);
    call->name = text_member(block, "name").substr(0, 200);
    if (const auto input = member(block, "input")) call->arguments = simdjson::minify(*input);
    if (call->arguments.size() > kToolArgumentsBytesMax) tool_call(kToolCallsMax);
  });
  note_finish(text_member(message, "stop_reason"));
  if (const auto usage = member(message, "usage")) read_usage(*usage);
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

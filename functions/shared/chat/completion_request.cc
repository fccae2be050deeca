#include "functions/shared/chat/completion_request.h"

#include <algorithm>

namespace chatpad::functions {
namespace {

using wire::Fields;
using wire::refuse_field;

void refuse_what_is_not_done(const Fields& f) {
  for (const char* name :
       {"tools", "functions", "logit_bias", "modalities", "audio", "prediction"}) {
    if (!f.has(name)) continue;
    const auto text = f.optional_json_text(name, kCompletionTextMax);
    if (text && *text != "[]" && *text != "{}" && *text != R"(["text"])") {
      refuse_field(name, "must be left out: agents do not take it from a request");
    }
  }
  if (f.has("stop")) refuse_field("stop", "must be left out: agents do not take it from a request");
  if (f.optional_integer("n", 1, 128).value_or(1) != 1) refuse_field("n", "must be 1");
  if (f.boolean("logprobs", false)) refuse_field("logprobs", "must be false");
  const auto format = f.optional_object("response_format");
  if (format && format->string("type", 1, 40) != "text") {
    refuse_field("response_format", "must be of type text");
  }
}

// A string, or parts that are all text.
std::string content_of(const Fields& message, size_t chars_max) {
  const auto json = message.optional_json_text("content", kCompletionTextMax * 4);
  if (!json || json->front() != '[') return message.string("content", 0, chars_max);
  std::string text;
  for (const Fields& part : message.object_list("content", kCompletionMessagesMax)) {
    if (part.string("type", 1, 40) != "text") {
      refuse_field("messages", "must hold text only");
    }
    if (!text.empty()) text += "\n";
    text += part.string("text", 0, chars_max);
  }
  return text;
}

void read_messages(const Fields& f, CompletionRequest& request) {
  const std::vector<Fields> messages = f.object_list("messages", kCompletionMessagesMax);
  if (messages.empty()) refuse_field("messages", "must hold at least one message");
  for (const Fields& message : messages) {
    const std::string role =
        message.choice("role", {"system", "developer", "user", "assistant", "tool", "function"});
    if (role == "tool" || role == "function") {
      refuse_field("messages", "must not hold results of tools");
    }
    std::string content = content_of(message, kCompletionTextMax);
    if (role == "system" || role == "developer") {
      if (!request.instructions.empty()) request.instructions += "\n\n";
      request.instructions += content;
    } else {
      request.history.push_back({role == "user" ? "visitor" : "assistant", std::move(content)});
    }
  }
  if (request.history.empty() || request.history.back().role != "visitor") {
    refuse_field("messages", "must end with a message of role user");
  }
  request.question = std::move(request.history.back().content);
  request.history.pop_back();
  if (request.question.find_first_not_of(" \t\r\n") == std::string::npos) {
    refuse_field("messages", "must not end with an empty message");
  }
}

std::optional<Uuid> conversation_of(const Fields& f) {
  if (f.has("conversation_id")) return f.uuid("conversation_id");
  const auto metadata = f.optional_object("metadata");
  return metadata ? metadata->optional_uuid("conversation_id") : std::nullopt;
}

}  // namespace

CompletionRequest CompletionRequest::read(const Fields& f) {
  refuse_what_is_not_done(f);
  CompletionRequest request;
  read_messages(f, request);
  request.conversation_id = conversation_of(f);
  request.stream = f.boolean("stream", false);
  request.tools_enabled = f.boolean("tools_enabled", true);
  const auto options = f.optional_object("stream_options");
  request.include_usage = options && options->boolean("include_usage", false);
  const auto model = f.optional_string("model", 200);
  request.model = model ? *model : f.optional_string("agent_id", 200).value_or("");
  const auto format = f.optional_choice("format", {"openai", "events"});
  const bool events = format ? *format == "events" : !model.has_value();
  request.format = events ? CompletionFormat::events : CompletionFormat::openai;
  request.sampling.temperature = f.optional_number("temperature", 0, 2);
  request.sampling.top_p = f.optional_number("top_p", 0, 1);
  const auto newer = f.optional_integer("max_completion_tokens", 1, 1'000'000);
  const auto older = f.optional_integer("max_tokens", 1, 1'000'000);
  request.sampling.tokens_max = newer.value_or(older.value_or(0));
  return request;
}

}  // namespace chatpad::functions

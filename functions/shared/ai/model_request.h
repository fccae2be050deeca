// ModelRequest: what a language model is asked, and its body in the two formats that services
// speak.
//
// For: model_provider.h. Pure. It always asks for a stream. Formats: OpenAI's chat completions with
// `stream_options.include_usage`, and Anthropic's messages, version kAnthropicVersion. Parameters
// that are not set are left out, because some models refuse them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::functions::ai {

constexpr std::string_view kAnthropicVersion = "2023-06-01";

// How a service is spoken to.
enum class Dialect : uint8_t {
  openai,      // max_completion_tokens, Authorization: Bearer
  compatible,  // the same with max_tokens, which is what others understand
  azure,       // OpenAI's body; api-key, and api-version in the query
  anthropic,
};

struct ModelMessage {
  enum class Role : uint8_t { user, assistant };
  Role role = Role::user;
  std::string content;
};

// A function the model may call, as both formats describe it: a name, words, a JSON schema.
struct ToolOffer {
  std::string_view name;
  std::string_view description;
  std::string_view parameters;
};
constexpr std::string_view kSearchTool = "search_knowledge";
constexpr std::string_view kRequestHumanTool = "request_human";
constexpr std::string_view kCaptureLeadTool = "capture_lead";

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON, as the model wrote it
};

// What the model said and called, and what it got: a result for each call.
struct ToolTurn {
  std::string said;
  std::vector<ToolCall> calls;
  std::vector<std::string> results;
};

enum class ToolUse : uint8_t { open, closed };  // closed: no more calls, write the answer

struct Sampling {
  std::optional<double> temperature;
  std::optional<double> top_p;
  int64_t tokens_max = 1024;  // of the answer
};

struct ModelRequest {
  std::string model;
  std::string system;
  std::vector<ModelMessage> messages;  // oldest first; the last is the visitor's question
  Sampling sampling;
  std::vector<ToolOffer> tools;
  ToolUse tool_use = ToolUse::open;
  std::vector<ToolTurn> tool_turns;  // behind the question
};

std::string body_of(const ModelRequest& request, Dialect dialect);

// Where the request goes: the base URL with the dialect's path, its query kept.
std::string url_of(std::string_view base_url, Dialect dialect);

// A base URL with api-version in its query is Azure's.
Dialect dialect_of_gateway(std::string_view base_url);

// The headers, "Name: value", that carry the key. An empty key sends none: servers of one's own
// often want none.
std::vector<std::string> headers_of(std::string_view api_key, Dialect dialect);

}  // namespace chatpad::functions::ai

#include "functions/shared/ai/model_request.h"

#include <nlohmann/json.hpp>

#include "runtime/wire/json.h"

namespace chatpad::functions::ai {
namespace {

std::string_view role_name(ModelMessage::Role role) {
  return role == ModelMessage::Role::user ? "user" : "assistant";
}

void write_message(wire::JsonWriter& out, std::string_view role, std::string_view content) {
  out.object().field("role", role).field("content", content).end();
}

// Neighbours of one role are joined: Anthropic's format takes turns.
std::vector<ModelMessage> in_turns(const std::vector<ModelMessage>& messages) {
  std::vector<ModelMessage> turns;
  for (const ModelMessage& message : messages) {
    if (!turns.empty() && turns.back().role == message.role) {
      turns.back().content.append("\n\n").append(message.content);
    } else if (!turns.empty() || message.role == ModelMessage::Role::user) {
      turns.push_back(message);
    }
  }
  return turns;
}

// An object as the model wrote it, or an empty one.
std::string object_or_empty(const std::string& arguments) {
  const auto parsed = wire::parse_json(arguments);
  return parsed && parsed->is_object() ? wire::dump(*parsed) : "{}";
}

void write_openai_turn(wire::JsonWriter& out, const ToolTurn& turn) {
  out.object().field("role", "assistant").field("content", turn.said).array("tool_calls");
  for (const ToolCall& call : turn.calls) {
    out.object().field("id", call.id).field("type", "function").object("function");
    out.field("name", call.name).field("arguments", object_or_empty(call.arguments)).end().end();
  }
  out.end().end();
  for (size_t i = 0; i < turn.calls.size(); ++i) {
    out.object().field("role", "tool").field("tool_call_id", turn.calls[i].id);
    out.field("content", turn.results[i]).end();
  }
}

void write_anthropic_turn(wire::JsonWriter& out, const ToolTurn& turn) {
  out.object().field("role", "assistant").array("content");
  if (!turn.said.empty()) out.object().field("type", "text").field("text", turn.said).end();
  for (const ToolCall& call : turn.calls) {
    out.object().field("type", "tool_use").field("id", call.id).field("name", call.name);
    out.raw_field("input", object_or_empty(call.arguments)).end();
  }
  out.end().end();
  out.object().field("role", "user").array("content");
  for (size_t i = 0; i < turn.calls.size(); ++i) {
    out.object().field("type", "tool_result").field("tool_use_id", turn.calls[i].id);
    out.field("content", turn.results[i]).end();
  }
  out.end().end();
}

void write_tools(wire::JsonWriter& out, const ModelRequest& request, bool anthropic) {
  if (request.tools.empty()) return;
  out.array("tools");
  for (const ToolOffer& tool : request.tools) {
    out.object();
    if (!anthropic) out.field("type", "function").object("function");
    out.field("name", tool.name).field("description", tool.description);
    out.raw_field(anthropic ? "input_schema" : "parameters", tool.parameters).end();
    if (!anthropic) out.end();
  }
  out.end();
  if (request.tool_use == ToolUse::open) return;
  out.raw_field("tool_choice", anthropic ? R"({"type":"none"})" : R"("none")");
}

}  // namespace

std::string body_of(const ModelRequest& request, Dialect dialect) {
  const bool anthropic = dialect == Dialect::anthropic;
  const bool old_name = anthropic || dialect == Dialect::compatible;
  wire::JsonWriter out;
  out.object().field("model", request.model).field("stream", true);
  if (!anthropic) out.raw_field("stream_options", R"({"include_usage":true})");
  out.field(old_name ? "max_tokens" : "max_completion_tokens", request.sampling.tokens_max);
  if (request.sampling.temperature) out.field("temperature", *request.sampling.temperature);
  if (request.sampling.top_p) out.field("top_p", *request.sampling.top_p);
  if (anthropic && !request.system.empty()) out.field("system", request.system);
  out.array("messages");
  if (anthropic) {
    for (const ModelMessage& turn : in_turns(request.messages)) {
      write_message(out, role_name(turn.role), turn.content);
    }
    for (const ToolTurn& turn : request.tool_turns) write_anthropic_turn(out, turn);
  } else {
    if (!request.system.empty()) write_message(out, "system", request.system);
    for (const ModelMessage& message : request.messages) {
      write_message(out, role_name(message.role), message.content);
    }
    for (const ToolTurn& turn : request.tool_turns) write_openai_turn(out, turn);
  }
  out.end();
  write_tools(out, request, anthropic);
  out.end();
  return std::move(out).str();
}

std::string url_of(std::string_view base_url, Dialect dialect) {
  const size_t question = base_url.find('?');
  std::string_view path = base_url.substr(0, question);
  while (path.ends_with('/')) path.remove_suffix(1);
  std::string url(path);
  if (dialect != Dialect::anthropic) {
    url += "/chat/completions";
  } else {
    url += path.ends_with("/v1") ? "/messages" : "/v1/messages";
  }
  if (question != std::string_view::npos) url += base_url.substr(question);
  return url;
}

Dialect dialect_of_gateway(std::string_view base_url) {
  const size_t question = base_url.find('?');
  const bool azure = question != std::string_view::npos &&
                     base_url.find("api-version=", question) != std::string_view::npos;
  return azure ? Dialect::azure : Dialect::compatible;
}

std::vector<std::string> headers_of(std::string_view api_key, Dialect dialect) {
  std::vector<std::string> headers{"Content-Type: application/json", "Accept: text/event-stream"};
  if (dialect == Dialect::anthropic) {
    headers.push_back("anthropic-version: " + std::string(kAnthropicVersion));
  }
  if (api_key.empty()) return headers;
  const std::string key(api_key);
  if (dialect == Dialect::anthropic) {
    headers.push_back("x-api-key: " + key);
  } else if (dialect == Dialect::azure) {
    headers.push_back("api-key: " + key);
  } else {
    headers.push_back("Authorization: Bearer " + key);
  }
  return headers;
}

}  // namespace chatpad::functions::ai

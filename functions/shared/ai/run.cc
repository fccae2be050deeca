#include "functions/shared/ai/run.h"

#include <charconv>

#include "functions/shared/ai/answers.h"
#include "runtime/wire/json.h"
#include "runtime/wire/sse.h"

namespace chatpad::functions::ai {
namespace {

// What `length` of the text would be in JavaScript, where clients put the pieces together.
size_t utf16_units(std::string_view text) {
  size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

bool read_number(std::string_view text, uint64_t& value) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string Position::str() const {
  return extra == 0 ? std::to_string(bytes) : std::to_string(bytes) + "-" + std::to_string(extra);
}

std::optional<Position> Position::parse(std::string_view id) {
  Position at;
  const size_t dash = id.find('-');
  if (!read_number(id.substr(0, dash), at.bytes)) return std::nullopt;
  if (dash != id.npos && !read_number(id.substr(dash + 1), at.extra)) return std::nullopt;
  return at;
}

void Run::push(std::string type, std::string data) {
  Position at{text.size(), 1};
  if (!events.empty() && events.back().at.bytes == at.bytes) at.extra = events.back().at.extra + 1;
  events.push_back({std::move(type), std::move(data), at, 0});
}

void Run::push_token(std::string_view piece) {
  const uint64_t from = text.size();
  text += piece;
  text_units += utf16_units(piece);
  events.push_back({"token", "", Position{text.size(), 0}, from});
}

void Run::append_event(std::string& out, const Event& event) const {
  if (event.type != "token") {
    wire::append_sse_event(out, event.at.str(), event.type, event.data);
    return;
  }
  const size_t length = event.at.bytes - event.from;
  out += "id: ";
  out += event.at.str();
  out += "\nevent: token\ndata: {\"type\":\"token\",\"content\":";
  wire::append_json_string(out, std::string_view(text).substr(event.from, length));
  out += ",\"messageId\":";
  wire::append_json_string(out, message_id);
  out += "}\n\n";
}

void Run::push_done() {
  wire::JsonWriter usage;
  usage.object()
      .field("input_tokens", outcome.input_tokens)
      .field("output_tokens", outcome.output_tokens)
      .end();
  wire::JsonWriter done;
  done.object()
      .field("type", "done")
      .field("conversationId", assignment.conversation_id)
      .raw_field("userMessage", assignment.user_message_json)
      .raw_field("reply", reply_json)
      .field("status", status)
      .field("cutOff", cut)
      .field("leadCaptured", lead_captured)
      .raw_field("usage", usage.view())
      .end();
  push("done", std::move(done).str());
}

Listening::Listening(std::shared_ptr<Run> run) : run_(std::move(run)) {
  ++run_->listeners;
  run_->alone.stop();
}

Listening::~Listening() {
  --run_->listeners;
  if (run_->owner && run_->listeners == 0) run_->owner->left_alone(run_);
}

}  // namespace chatpad::functions::ai

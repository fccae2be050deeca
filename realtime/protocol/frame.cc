#include "realtime/protocol/frame.h"

#include "realtime/protocol/json_slice.h"
#include "runtime/wire/json.h"
#include "runtime/wire/utf8.h"

namespace chatpad::realtime {
namespace {

constexpr uint8_t kUserPush = 3;
constexpr uint8_t kUserBroadcast = 4;

Error malformed(const char* what) { return Error(Errc::bad_json, PublicText(what)); }
Error too_long(const char* what) { return Error(Errc::payload_too_large, PublicText(what)); }

// Unescapes a string value into `store` only when it has escapes.
bool take_text(std::string_view value, std::string& store, std::string_view& out) {
  if (json_kind(value) != JsonKind::string) return false;
  out = value.substr(1, value.size() - 2);
  if (out.find('\\') != std::string_view::npos) {
    store = *json_text(value);
    out = store;
  }
  return true;
}

bool take_ref(std::string_view value, std::string_view& out) {
  const JsonKind kind = json_kind(value);
  if (kind == JsonKind::none) return true;
  if (kind != JsonKind::string && kind != JsonKind::number && kind != JsonKind::null) return false;
  out = value;
  return true;
}

Result<void> check_fields(const Inbound& in) {
  // Two bytes of a ref token are its quotes.
  if (in.ref.size() > kRefBytesMax + 2 || in.join_ref.size() > kRefBytesMax + 2) {
    return too_long("ref is too long");
  }
  if (in.topic.size() > kTopicBytesMax) return too_long("topic is too long");
  if (in.event.size() > kEventBytesMax) return too_long("event is too long");
  return {};
}

struct RawFields {
  std::string_view join_ref, ref, topic, event, payload;
};

bool slice_v1(std::string_view frame, RawFields& raw) {
  if (json_kind(frame) != JsonKind::object) return false;
  JsonItems items(frame);
  while (items.next()) {
    const std::string_view key = items.key();
    if (key == "topic") raw.topic = items.value();
    if (key == "event") raw.event = items.value();
    if (key == "payload") raw.payload = items.value();
    if (key == "ref") raw.ref = items.value();
    if (key == "join_ref") raw.join_ref = items.value();
  }
  return true;
}

bool slice_v2(std::string_view frame, RawFields& raw) {
  if (json_kind(frame) != JsonKind::array) return false;
  std::string_view* const fields[] = {&raw.join_ref, &raw.ref, &raw.topic, &raw.event,
                                      &raw.payload};
  size_t count = 0;
  JsonItems items(frame);
  while (items.next()) {
    if (count == std::size(fields)) return false;
    *fields[count++] = items.value();
  }
  return count == std::size(fields);
}

std::string_view trim(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t\r\n");
  return from == std::string_view::npos ? std::string_view() : text.substr(from);
}

}  // namespace

std::optional<Vsn> vsn_from_query(std::string_view text) {
  if (text.empty() || text == "1.0.0") return Vsn::v1;
  if (text == "2.0.0") return Vsn::v2;
  return std::nullopt;
}

Result<void> decode_text(Vsn vsn, std::string_view frame, Inbound& out) {
  if (frame.size() > kFrameBytesMax) return too_long("frame is too long");
  if (!wire::check_json(frame)) return malformed("not JSON");
  frame = trim(frame);
  RawFields raw;
  const bool shaped = vsn == Vsn::v1 ? slice_v1(frame, raw) : slice_v2(frame, raw);
  if (!shaped) return malformed("not a frame of this version");
  if (!take_ref(raw.join_ref, out.join_ref) || !take_ref(raw.ref, out.ref)) {
    return malformed("ref is neither a string nor null");
  }
  if (!take_text(raw.topic, out.own[0], out.topic) || out.topic.empty()) {
    return malformed("topic is no string");
  }
  if (!take_text(raw.event, out.own[1], out.event) || out.event.empty()) {
    return malformed("event is no string");
  }
  const JsonKind kind = json_kind(raw.payload);
  if (kind == JsonKind::object) {
    out.payload = raw.payload;
  } else if (kind != JsonKind::null && kind != JsonKind::none) {
    return malformed("payload is no object");
  }
  return check_fields(out);
}

Result<void> decode_binary(std::string_view frame, Inbound& out) {
  constexpr size_t kHeadBytes = 7;
  if (frame.size() > kFrameBytesMax) return too_long("frame is too long");
  if (frame.size() < kHeadBytes) return malformed("binary frame is too short");
  const auto at = [&frame](size_t i) { return static_cast<uint8_t>(frame[i]); };
  if (at(0) != kUserPush) return malformed("binary frame of an unknown kind");
  if (at(6) > 1) return malformed("payload encoding is unknown");
  size_t needed = kHeadBytes;
  for (size_t i = 1; i <= 5; ++i) needed += at(i);
  if (frame.size() < needed) return malformed("binary frame is shorter than it says");

  size_t offset = kHeadBytes;
  const auto take = [&](size_t length_at) {
    const std::string_view field = frame.substr(offset, at(length_at));
    offset += field.size();
    return field;
  };
  const std::string_view join_ref = take(1);
  const std::string_view ref = take(2);
  out.topic = take(3);
  out.user_event = take(4);
  out.metadata = take(5);
  out.payload = frame.substr(offset);
  out.form = FrameForm::binary;
  out.encoding = static_cast<Encoding>(at(6));
  out.event = "broadcast";

  // They go into JSON for v1 subscribers.
  if (!wire::is_utf8(out.topic) || out.topic.empty()) return malformed("topic is not UTF-8");
  if (!wire::is_utf8(out.user_event)) return malformed("event is not UTF-8");
  if (!join_ref.empty()) out.join_ref = out.own[0] = wire::json_string(join_ref);
  if (!ref.empty()) out.ref = out.own[1] = wire::json_string(ref);
  if (!out.metadata.empty() &&
      (json_kind(trim(out.metadata)) != JsonKind::object || !wire::check_json(out.metadata))) {
    return malformed("metadata is no JSON object");
  }
  if (out.encoding == Encoding::json) {
    if (out.payload.empty()) out.payload = "{}";
    if (!wire::check_json(out.payload)) return malformed("payload is not JSON");
  }
  return check_fields(out);
}

Result<BroadcastPush> parse_broadcast(std::string_view payload) {
  BroadcastPush push;
  std::optional<std::string> event;
  JsonItems items(payload);
  while (items.next()) {
    if (items.key() == "event") event = json_text(items.value());
    if (items.key() == "payload") push.payload = items.value();
  }
  if (!event) return malformed("a broadcast has an event");
  if (event->size() > kEventBytesMax) return too_long("event is too long");
  push.event = std::move(*event);
  return push;
}

void encode_message(Vsn vsn, std::string& out, std::string_view join_ref, std::string_view ref,
                    std::string_view topic, std::string_view event, std::string_view payload) {
  if (vsn == Vsn::v2) {
    out.append("[").append(join_ref).append(",").append(ref).append(",");
    wire::append_json_string(out, topic);
    out.append(",");
    wire::append_json_string(out, event);
    out.append(",").append(payload).append("]");
    return;
  }
  out.append("{\"topic\":");
  wire::append_json_string(out, topic);
  out.append(",\"event\":");
  wire::append_json_string(out, event);
  out.append(",\"payload\":").append(payload);
  out.append(",\"ref\":").append(ref).append("}");
}

void encode_reply(Vsn vsn, std::string& out, std::string_view join_ref, std::string_view ref,
                  std::string_view topic, ReplyStatus status, std::string_view response) {
  std::string payload = status == ReplyStatus::ok ? R"({"status":"ok","response":)"
                                                  : R"({"status":"error","response":)";
  payload.append(response).append("}");
  encode_message(vsn, out, join_ref, ref, topic, "phx_reply", payload);
}

std::string reason_json(std::string_view reason) {
  wire::JsonWriter writer;
  writer.object().field("reason", reason).end();
  return std::move(writer).str();
}

std::string system_json(std::string_view extension, ReplyStatus status, std::string_view message,
                        std::string_view channel) {
  wire::JsonWriter writer;
  writer.object()
      .field("extension", extension)
      .field("status", status == ReplyStatus::ok ? "ok" : "error")
      .field("message", message)
      .field("channel", channel)
      .end();
  return std::move(writer).str();
}

bool can_encode(Vsn vsn, const BroadcastOut& broadcast) {
  if (broadcast.encoding == Encoding::json) return true;
  return broadcast_form(vsn, broadcast) == FrameForm::binary;
}

FrameForm broadcast_form(Vsn vsn, const BroadcastOut& broadcast) {
  const bool fits = broadcast.topic.size() <= kTopicBytesMax &&
                    broadcast.event.size() <= kEventBytesMax &&
                    broadcast.meta.size() <= kMetadataBytesMax;
  return vsn == Vsn::v2 && fits ? FrameForm::binary : FrameForm::text;
}

void encode_broadcast(Vsn vsn, std::string& out, const BroadcastOut& broadcast) {
  if (broadcast_form(vsn, broadcast) == FrameForm::binary) {
    out += static_cast<char>(kUserBroadcast);
    out += static_cast<char>(broadcast.topic.size());
    out += static_cast<char>(broadcast.event.size());
    out += static_cast<char>(broadcast.meta.size());
    out += static_cast<char>(broadcast.encoding);
    out.append(broadcast.topic).append(broadcast.event).append(broadcast.meta);
    out.append(broadcast.payload);
    return;
  }
  std::string payload = R"({"type":"broadcast","event":)";
  wire::append_json_string(payload, broadcast.event);
  payload.append(",\"payload\":").append(broadcast.payload);
  if (!broadcast.meta.empty()) payload.append(",\"meta\":").append(broadcast.meta);
  payload.append("}");
  encode_message(vsn, out, "null", "null", broadcast.topic, "broadcast", payload);
}

}  // namespace chatpad::realtime

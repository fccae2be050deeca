// Every reader of realtime frames gets the same bytes: text frames of both versions, binary pushes,
// the payloads of joins and broadcasts, and the slices below them. What the server writes reads
// back as the same, with its own decoder and with a client's.
//
// uses: realtime/protocol/frame.cc realtime/protocol/join.cc realtime/protocol/json_slice.cc
// uses: runtime/wire/json.cc runtime/wire/json_check.cc runtime/base/error.cc
// uses: runtime/base/check.cc runtime/base/uuid.cc
// links:
#include <functional>
#include <nlohmann/json.hpp>

#include "realtime/protocol/frame.h"
#include "realtime/protocol/join.h"
#include "realtime/protocol/json_slice.h"
#include "runtime/base/check.h"
#include "runtime/wire/json.h"
#include "runtime/wire/utf8.h"

using namespace chatpad;
using namespace chatpad::realtime;

namespace {

constexpr Vsn kVersions[] = {Vsn::v1, Vsn::v2};
// What is written may be nested a little deeper than what was read.
constexpr wire::JsonLimits kDeep{.depth_max = wire::kJsonDepthCeiling};
constexpr int kUncheckedLevelsMax = 6;  // of containers looked into in text that is no JSON

bool inside(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> before;
  return before(whole.data(), part.data()) &&
         before(part.data() + part.size(), whole.data() + whole.size());
}

bool inside(std::string_view part, const Inbound& in, std::string_view frame) {
  // Of what is not there the defaults remain.
  return inside(part, frame) || inside(part, in.own[0]) || inside(part, in.own[1]) ||
         part == "null" || part == "{}" || part == "broadcast" || part.empty();
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t from = text.find_first_not_of(kBlanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

void check_error(const Error& error, const Error& again) {
  CHECK(error.errc == Errc::bad_json || error.errc == Errc::payload_too_large,
        "frames are refused with one of two codes");
  CHECK(error.errc == again.errc && error.message.value == again.message.value,
        "the same frame is refused the same way");
  CHECK(!error.message.value.empty(), "the client is told why");
}

// Slices promise nothing about text that is no JSON but to stay inside it and to end.
void slice_unchecked(std::string_view text, int level) {
  JsonItems items(text);
  while (items.next()) {
    CHECK(inside(items.value(), text), "a slice is part of its text");
    json_text(items.value());
    if (level < kUncheckedLevelsMax) slice_unchecked(items.value(), level + 1);
  }
}

void slice_like_dom(std::string_view text, const wire::Json& dom) {
  const JsonKind kind = json_kind(text);
  CHECK((kind == JsonKind::object) == dom.is_object(), "objects are objects");
  CHECK((kind == JsonKind::array) == dom.is_array(), "arrays are arrays");
  CHECK((kind == JsonKind::string) == dom.is_string(), "strings are strings");
  CHECK((kind == JsonKind::number) == dom.is_number(), "numbers are numbers");
  CHECK((kind == JsonKind::boolean) == dom.is_boolean(), "booleans are booleans");
  CHECK((kind == JsonKind::null) == dom.is_null(), "null is null");
  CHECK(json_text(text).has_value() == dom.is_string(), "only strings have a text");
  if (dom.is_string()) CHECK(*json_text(text) == dom.get<std::string>(), "texts are the same");
  if (!dom.is_structured()) {
    CHECK(*wire::parse_json(text) == dom, "a slice is the whole value and nothing more");
    return;
  }
  size_t count = 0;
  JsonItems items(text);
  while (items.next()) {
    CHECK(count < dom.size(), "there are no more items than there are");
    const std::string key(items.key());
    if (dom.is_object()) {
      CHECK(dom.contains(key), "keys are the same");
      CHECK(json_member(text, key).data() == items.value().data(), "members are found by key");
      slice_like_dom(items.value(), dom[key]);
    } else {
      CHECK(key.empty(), "elements have no key");
      slice_like_dom(items.value(), dom[count]);
    }
    ++count;
  }
  CHECK(count == dom.size(), "no item is left out");
}

void check_slices(std::string_view text) {
  slice_unchecked(text, 0);
  const Result<wire::Json> dom = wire::parse_json(text);
  if (dom.ok()) slice_like_dom(trimmed(text), *dom);
}

bool same_fields(const Inbound& a, const Inbound& b) {
  return a.ref == b.ref && a.topic == b.topic && a.event == b.event && a.payload == b.payload;
}

void check_broadcast_text(Vsn vsn, std::string_view out, const BroadcastOut& broadcast) {
  CHECK(wire::check_json(out, kDeep).ok(), "a text broadcast is JSON");
  if (!wire::check_json(out).ok() || broadcast.topic.size() > kTopicBytesMax) return;
  Inbound in;
  CHECK(decode_text(vsn, out, in).ok(), "a written broadcast is a frame");
  CHECK(in.topic == broadcast.topic && in.event == "broadcast" && in.ref == "null",
        "a written broadcast reads back the same");
  CHECK(json_text(json_member(in.payload, "type")) == "broadcast", "it says what it is");
  CHECK(json_text(json_member(in.payload, "event")) == broadcast.event, "its event is the same");
  CHECK(json_member(in.payload, "payload") == trimmed(broadcast.payload),
        "its payload is the same");
  CHECK(json_member(in.payload, "meta") == trimmed(broadcast.meta), "its meta is the same");
}

// Kind 4 as a client takes it apart.
void check_broadcast_binary(std::string_view out, const BroadcastOut& broadcast) {
  CHECK(out.size() >= 5 && out[0] == 4, "a binary broadcast has a head");
  size_t at = 5;
  const auto take = [&](size_t length_at) {
    const std::string_view taken = out.substr(at, static_cast<uint8_t>(out[length_at]));
    at += taken.size();
    return taken;
  };
  CHECK(take(1) == broadcast.topic, "the topic is the same");
  CHECK(take(2) == broadcast.event, "the event is the same");
  CHECK(take(3) == broadcast.meta, "the meta is the same");
  CHECK(out[4] == static_cast<char>(broadcast.encoding), "the encoding is the same");
  CHECK(out.substr(at) == broadcast.payload, "the payload is the same");
  Inbound in;
  CHECK(!decode_binary(out, in).ok(), "what goes to clients is no push of theirs");
}

void check_broadcast(const BroadcastOut& broadcast) {
  for (const Vsn vsn : kVersions) {
    if (!can_encode(vsn, broadcast)) {
      CHECK(broadcast.encoding == Encoding::raw, "JSON goes to everybody");
      continue;
    }
    std::string out;
    encode_broadcast(vsn, out, broadcast);
    if (broadcast_form(vsn, broadcast) == FrameForm::binary) {
      CHECK(vsn == Vsn::v2, "binary frames are of version 2");
      check_broadcast_binary(out, broadcast);
    } else {
      check_broadcast_text(vsn, out, broadcast);
    }
  }
}

void check_join_against_dom(std::string_view payload, const JoinRequest& join) {
  const Result<wire::Json> dom = wire::parse_json(payload);
  if (!dom.ok() || !dom->is_object() || !dom->contains("config")) return;
  const wire::Json& config = (*dom)["config"];
  if (!config.is_object()) return;
  const auto is_true = [](const wire::Json& in, const char* key) {
    return in.is_object() && in.contains(key) && in[key].is_boolean() && in[key].get<bool>();
  };
  const wire::Json broadcast = config.value("broadcast", wire::Json());
  if (is_true(config, "private")) {
    CHECK(join.privacy == Privacy::restricted, "a private channel is private");
  }
  if (!config.contains("private")) CHECK(join.privacy == Privacy::open, "public is the default");
  if (is_true(broadcast, "ack")) CHECK(join.ack == Switch::on, "ack is on when asked for");
  if (is_true(broadcast, "self")) CHECK(join.self == Switch::on, "self is on when asked for");
  const wire::Json changes = config.value("postgres_changes", wire::Json());
  CHECK(join.changes.size() == (changes.is_array() ? changes.size() : 0), "no change is left out");
}

void check_join(std::string_view payload) {
  const Result<JoinRequest> join = parse_join(payload);
  if (!join.ok()) {
    check_error(join.error(), parse_join(payload).error());
    return;
  }
  CHECK(join->changes.size() <= kChangesPerJoinMax, "changes are bounded");
  CHECK(join->presence_key.size() <= kPresenceKeyBytesMax, "the presence key is bounded");
  CHECK(!(join->replay && join->replay_malformed), "a replay is malformed or not");
  if (join->replay) {
    CHECK(join->replay->limit >= 1 && join->replay->limit <= 25 && join->replay->since_ms >= 0,
          "a replay is bounded");
  }
  CHECK(!join->access_token.starts_with("sb_"), "opaque keys are no tokens");
  const std::string response = join_response_json(join->changes);
  CHECK(wire::check_json(response, kDeep).ok(), "the answer to a join is JSON");
  CHECK(response.size() <= payload.size() * 2 + 32 + join->changes.size() * 32,
        "the answer is hardly longer than the question");

  // Clients compare what comes back with what they sent.
  const Result<JoinRequest> again = parse_join("{\"config\":" + response + "}");
  CHECK(again.ok() && again->changes.size() == join->changes.size(), "an answer can be asked");
  for (size_t i = 0; i < join->changes.size(); ++i) {
    CHECK(join->changes[i].id > 0, "ids are positive");
    CHECK(again->changes[i].id == join->changes[i].id, "equal requests have equal ids");
    CHECK(again->changes[i].echo == join->changes[i].echo, "an echo echoes as itself");
  }
  check_join_against_dom(payload, *join);
}

void check_replies(Vsn vsn, const Inbound& in) {
  std::string out;
  encode_reply(vsn, out, in.join_ref, in.ref, in.topic, ReplyStatus::error, reason_json(in.event));
  Inbound reply;
  CHECK(decode_text(vsn, out, reply).ok(), "a reply is a frame");
  CHECK(reply.ref == in.ref && reply.topic == in.topic, "a reply answers its question");
  const std::string_view response = json_member(reply.payload, "response");
  CHECK(json_text(json_member(response, "reason")) == in.event, "the reason is the same");
  const std::string system = system_json("system", ReplyStatus::ok, in.event, in.topic);
  CHECK(wire::check_json(system).ok(), "a system message is JSON");
  CHECK(json_text(json_member(system, "channel")) == in.topic, "its channel is the same");
}

void check_text(Vsn vsn, std::string_view frame) {
  Inbound in;
  const Result<void> decoded = decode_text(vsn, frame, in);
  if (!decoded.ok()) {
    Inbound other;
    check_error(decoded.error(), decode_text(vsn, frame, other).error());
    return;
  }
  for (const std::string_view part : {in.join_ref, in.ref, in.topic, in.event, in.payload}) {
    CHECK(inside(part, in, frame), "fields are views into the frame");
  }
  CHECK(in.form == FrameForm::text, "a text frame is one");
  CHECK(!in.topic.empty() && in.topic.size() <= kTopicBytesMax, "the topic has a size");
  CHECK(!in.event.empty() && in.event.size() <= kEventBytesMax, "the event has a size");
  CHECK(wire::is_utf8(in.topic) && wire::is_utf8(in.event), "names are UTF-8");
  CHECK(json_kind(in.payload) == JsonKind::object, "a payload is an object");
  for (const std::string_view json : {in.join_ref, in.ref, in.payload}) {
    CHECK(wire::check_json(json).ok(), "refs and payload are JSON");
  }
  for (const Vsn other : kVersions) {
    std::string out;
    encode_message(other, out, in.join_ref, in.ref, in.topic, in.event, in.payload);
    CHECK(out.size() <= frame.size() * 6 + 128, "what is written is bounded by what was read");
    Inbound again;
    CHECK(decode_text(other, out, again).ok(), "what was read can be written");
    CHECK(same_fields(in, again), "and reads back the same");
    if (other == Vsn::v2) CHECK(again.join_ref == in.join_ref, "with its join_ref");
    check_replies(other, in);
  }
  check_join(in.payload);
  const Result<BroadcastPush> push = parse_broadcast(in.payload);
  if (push.ok()) check_broadcast({in.topic, push->event, push->payload, Encoding::json, {}});
}

// Kind 3 as a client writes it.
std::string push_of(const Inbound& in, std::string_view frame) {
  const std::string join_ref = json_text(in.join_ref).value_or(std::string());
  const std::string ref = json_text(in.ref).value_or(std::string());
  std::string out = "\x03";
  for (const size_t size :
       {join_ref.size(), ref.size(), in.topic.size(), in.user_event.size(), in.metadata.size()}) {
    out += static_cast<char>(size);
  }
  out += static_cast<char>(in.encoding);
  out.append(join_ref).append(ref).append(in.topic).append(in.user_event).append(in.metadata);
  if (inside(in.payload, frame)) out.append(in.payload);
  return out;
}

void check_binary(std::string_view frame) {
  Inbound in;
  const Result<void> decoded = decode_binary(frame, in);
  if (!decoded.ok()) {
    Inbound other;
    check_error(decoded.error(), decode_binary(frame, other).error());
    return;
  }
  for (const std::string_view part :
       {in.join_ref, in.ref, in.topic, in.payload, in.user_event, in.metadata}) {
    CHECK(inside(part, in, frame), "fields are views into the frame");
  }
  CHECK(in.form == FrameForm::binary && in.event == "broadcast", "a push is a broadcast");
  CHECK(!in.topic.empty() && wire::is_utf8(in.topic), "the topic is UTF-8");
  CHECK(wire::check_json(in.ref).ok() && wire::check_json(in.join_ref).ok(), "refs are JSON");
  CHECK(in.metadata.empty() || json_kind(trimmed(in.metadata)) == JsonKind::object,
        "metadata is an object");
  if (wire::is_utf8(frame.substr(7, static_cast<uint8_t>(frame[1]))) &&
      wire::is_utf8(
          frame.substr(7 + static_cast<uint8_t>(frame[1]), static_cast<uint8_t>(frame[2])))) {
    CHECK(push_of(in, frame) == frame, "a push writes back the same");
  }
  std::string shorter(frame.substr(0, frame.size() - in.payload.size()));
  shorter.resize(shorter.size() - 1);
  Inbound other;
  if (inside(in.payload, frame)) {
    CHECK(!decode_binary(shorter, other).ok(), "a push without its end is refused");
  }
  check_broadcast({in.topic, in.user_event, in.payload, in.encoding, in.metadata});
}

// Whatever the fields hold, a frame that is written is JSON.
void check_any_names(std::string_view text) {
  const std::string_view topic = text.substr(0, text.size() / 2);
  const std::string_view event = text.substr(text.size() / 2);
  for (const Vsn vsn : kVersions) {
    std::string out;
    encode_message(vsn, out, "null", wire::json_string(text), topic, event, "{}");
    CHECK(wire::check_json(out).ok(), "any names make a frame that is JSON");
    Inbound in;
    const Result<void> decoded = decode_text(vsn, out, in);
    if (decoded.ok() && wire::is_utf8(topic)) CHECK(in.topic == topic, "any topic reads back");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Vsn vsn : kVersions) check_text(vsn, text);
  check_binary(text);
  check_slices(text);
  if (wire::check_json(text).ok()) {
    check_join(text);
    access_token_of(text);
    if (parse_broadcast(text).ok())
      CHECK(json_kind(text) != JsonKind::string, "no text has members");
  }
  check_any_names(text);
  const std::optional<std::string_view> name = topic_name(text);
  if (name) CHECK("realtime:" + std::string(*name) == text, "a topic is its prefix and its name");
  if (vsn_from_query(text)) CHECK(text.empty() || text.size() == 5, "two versions are spoken");
  return 0;
}

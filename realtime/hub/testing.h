// For the tests of this room: a transport that keeps what it is given, a verifier and a rights
// probe with scripted answers.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "realtime/hub/hub.h"
#include "runtime/base/clock.h"

namespace chatpad::realtime::testing {

// Lets the loop turn for a while, from now on and not from its last turn on.
inline void turn(Loop& loop, uint64_t ms) {
  uv_update_time(loop.raw());
  Timer over;
  over.start(loop, ms, [&loop] { uv_stop(loop.raw()); });
  uv_run(loop.raw(), UV_RUN_DEFAULT);
}

class FakeTransport final : public Transport {
 public:
  bool ready() const override { return is_ready; }
  void send(std::string_view bytes) override {
    ++writes;
    received.append(bytes);
  }
  void want_ready() override { wanted = true; }
  void close(Close why) override { closed = why; }

  // Takes the whole frames received so far apart: "T..." text or "B..." binary.
  std::vector<std::string> take() {
    std::vector<std::string> frames;
    size_t at = 0;
    while (at < received.size()) {
      const auto byte = [&](size_t i) { return static_cast<uint8_t>(received[at + i]); };
      const bool text = byte(0) == 0x81;
      size_t size = byte(1);
      size_t head = 2;
      if (size == 126) {
        size = static_cast<size_t>(byte(2)) << 8 | byte(3);
        head = 4;
      } else if (size == 127) {
        size = 0;
        for (size_t i = 2; i < 10; ++i) size = size << 8 | byte(i);
        head = 10;
      }
      frames.push_back((text ? "T" : "B") + received.substr(at + head, size));
      at += head + size;
    }
    received.clear();
    return frames;
  }

  bool is_ready = true;
  bool wanted = false;
  int writes = 0;
  std::optional<Close> closed;
  std::string received;
};

// Tokens are "role|seconds until expiry"; anything else is not valid.
class FakeVerifier : public edge::TokenVerifier {
 public:
  Result<edge::Caller> verify(std::string_view token) const override {
    const size_t bar = token.find('|');
    if (bar == std::string_view::npos) {
      return Error(Errc::bad_jwt, PublicText("The token is not valid."));
    }
    edge::Caller caller;
    caller.claims.json = "{\"who\":\"" + std::string(token.substr(0, bar)) + "\"}";
    caller.expires_at_s = wall_s() + std::stoll(std::string(token.substr(bar + 1)));
    if (caller.expires_at_s < wall_s()) {
      return Error(Errc::bad_jwt, PublicText("The token has expired."));
    }
    return caller;
  }
};

// Rights by claims; a caller it does not know makes the policy raise. Answers at once, or after
// `delay_ms` on the loop.
class FakeRights : public RightsProbe {
 public:
  Task<Rights> probe(pg::Claims claims, std::string topic) override {
    ++asked;
    last_topic = topic;
    if (loop) co_await sleep_for(*loop, delay_ms);
    for (const auto& [who, rights] : known) {
      if (claims.json.find(who) != std::string::npos) co_return rights;
    }
    raise(Errc::internal, PublicText(), LogText("the policy raised"));
  }

  std::vector<std::pair<std::string, Rights>> known;
  Loop* loop = nullptr;
  uint64_t delay_ms = 5;
  int asked = 0;
  std::string last_topic;
};

// History as scripted, after `delay_ms` on the loop.
class FakeRecovery : public RecoveryReader {
 public:
  Task<Missed> read(pg::Claims, std::string, RecoveryQuery query) override {
    ++asked;
    last = query;
    Missed now = answer;
    if (loop) co_await sleep_for(*loop, delay_ms);
    if (fails) raise(Errc::database_unavailable, PublicText(), LogText("gone"));
    if (asked <= late_until) now.snapshot = late_snapshot;
    co_return now;
  }
  void add(int n, std::string payload = "{}") {
    MissedEvent event;
    event.id = id_of(n);
    event.event = "e" + std::to_string(n);
    event.payload_json = std::move(payload);
    event.horizon = std::to_string(100 + n);
    answer.events.push_back(std::move(event));
  }
  static std::string id_of(int n) {
    const std::string digits = std::to_string(n);
    return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
  }

  Missed answer;
  RecoveryQuery last;
  Loop* loop = nullptr;
  uint64_t delay_ms = 5;
  int asked = 0;
  int late_until = 0;  // so many readings see late_snapshot
  std::string late_snapshot;
  bool fails = false;
};

// A session with its transport, and what its client would send.
struct Client {
  Client(Hub& hub_in, Vsn vsn = Vsn::v2) : hub(hub_in) {
    SessionInfo info;
    info.vsn = vsn;
    edge::Caller caller;
    caller.claims.json = R"({"who":"connection"})";
    info.caller = std::make_shared<const edge::Caller>(std::move(caller));
    session = hub.open(transport, std::move(info));
  }
  void text(std::string_view frame) { hub.on_text(*session, frame); }
  void join(std::string_view topic, std::string_view config = "{}", std::string_view token = "") {
    std::string payload = "{\"config\":" + std::string(config);
    if (!token.empty()) payload += ",\"access_token\":\"" + std::string(token) + "\"";
    const std::string ref = std::to_string(++last_ref);
    text("[\"" + ref + "\",\"" + ref + "\",\"realtime:" + std::string(topic) + "\",\"phx_join\"," +
         payload + "}]");
  }
  std::vector<std::string> take() {
    hub.flush();
    return transport.take();
  }
  void push(std::string_view topic, std::string_view event, std::string_view payload) {
    std::string frame("\x03\x00\x01", 3);
    const std::string full = "realtime:" + std::string(topic);
    frame += static_cast<char>(full.size());
    frame += static_cast<char>(event.size());
    frame.append("\0\1", 2);
    frame += "9" + full + std::string(event) + std::string(payload);
    hub.on_binary(*session, frame);
  }

  Hub& hub;
  testing::FakeTransport transport;
  std::unique_ptr<Session> session;
  int last_ref = 0;
};

inline std::string kind4(std::string_view topic, std::string_view event, std::string_view payload) {
  BroadcastOut out;
  out.topic = topic;
  out.event = event;
  out.payload = payload;
  std::string bytes = "B";
  encode_broadcast(Vsn::v2, bytes, out);
  return bytes;
}

}  // namespace chatpad::realtime::testing

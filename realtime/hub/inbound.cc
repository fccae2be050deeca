// What clients send: rate limits, routing to channels, broadcasts.
#include "realtime/hub/bus.h"
#include "realtime/hub/hub.h"
#include "realtime/protocol/json_slice.h"
#include "runtime/base/log.h"

namespace chatpad::realtime {
namespace {

// supabase-js shows `error` to the application when it asked for `persist`.
constexpr std::string_view kCannotStore =
    R"({"error":"Broadcasts cannot be stored; leave persist out"})";

bool asks_to_store(std::string_view metadata) {
  const std::string_view persist = json_member(metadata, "persist");
  return !persist.empty() && persist != "false" && persist != "null";
}

}  // namespace

void Hub::on_text(Session& session, std::string_view message) {
  if (session.closing_ || !admit(session, message)) return;
  Inbound in;
  const Result<void> decoded = decode_text(session.vsn_, message, in);
  if (decoded) return dispatch(session, in);
  // The connection stays: that is what the emulated server does.
  ++stats_.malformed;
  log::Line(LogLevel::debug, "realtime_malformed").field("why", decoded.error().message.value);
}

void Hub::on_binary(Session& session, std::string_view message) {
  if (session.closing_ || !admit(session, message)) return;
  Inbound in;
  Result<void> decoded = session.vsn_ == Vsn::v2
                             ? decode_binary(message, in)
                             : Error(Errc::bad_json, PublicText("binary needs vsn 2.0.0"));
  if (decoded) return dispatch(session, in);
  ++stats_.malformed;
  log::Line(LogLevel::debug, "realtime_malformed").field("why", decoded.error().message.value);
}

// Counts the message against the socket's rates. False: it is dropped, or the socket closes.
bool Hub::admit(Session& session, std::string_view message) {
  ++stats_.messages_in;
  const HubLimits& limits = options_.limits;
  const uint64_t now = loop_.now_ms();
  if (!session.bytes_.take(static_cast<double>(message.size()),
                           limits.bytes_per_s * limits.rate_scale, now)) {
    close(session, Close::byte_rate);
    return false;
  }
  if (session.messages_.take(1, limits.messages_per_s * limits.rate_scale, now)) return true;
  if (!take_presence_over_rate(session, message)) count_drop(session);
  return false;
}

void Hub::count_drop(Session& session) {
  ++stats_.dropped_rate;
  const uint64_t now = loop_.now_ms();
  if (now - session.drop_window_ms_ >= 1000) {
    session.drop_window_ms_ = now;
    session.dropped_ = 0;
    for (const auto& channel : session.channels_) {
      send_system(*channel, "system", ReplyStatus::error, code_sentence(Code::message_rate));
    }
  }
  if (++session.dropped_ > options_.limits.dropped_per_s * options_.limits.rate_scale) {
    close(session, Close::message_rate);
  }
}

void Hub::dispatch(Session& session, const Inbound& in) {
  if (in.topic == "phoenix") return on_phoenix(session, in);
  if (in.event == "phx_join") return on_join(session, in);
  Channel* channel = session.find(in.topic);
  if (!channel) {
    if (in.event == "phx_leave") return reply(session, in, ReplyStatus::ok, "{}");
    return reply(session, in, ReplyStatus::error, reason_json("unmatched topic"));
  }
  // A message of an earlier join of this topic.
  if (in.join_ref != "null" && in.join_ref != channel->join_ref) return;
  on_channel_event(session, *channel, in);
}

void Hub::on_phoenix(Session& session, const Inbound& in) {
  if (in.event == "heartbeat") return reply(session, in, ReplyStatus::ok, "{}");
  reply(session, in, ReplyStatus::error, reason_json("unmatched topic"));
}

void Hub::on_channel_event(Session& session, Channel& channel, const Inbound& in) {
  if (in.event == "phx_leave") {
    reply(session, in, ReplyStatus::ok, "{}");
    send_to(channel, channel.join_ref, "phx_close", "{}");
    return leave(session, channel);
  }
  if (in.event == "access_token") return on_access_token(channel, in);
  if (channel.state != ChannelState::joined) {
    return reply(session, in, ReplyStatus::error, reason_json("unmatched topic"));
  }
  if (in.event == "broadcast") return on_broadcast(session, channel, in);
  if (in.event == "presence") return on_presence(channel, in);
  reply(session, in, ReplyStatus::error, reason_json("unknown event"));
}

void Hub::refuse_push(Channel& channel, const Inbound& in, std::string_view reason) {
  if (channel.ack == Switch::on) {
    reply(channel.session, in, ReplyStatus::error, reason_json(reason));
  }
}

void Hub::on_broadcast(Session&, Channel& channel, const Inbound& in) {
  Message message;
  message.topic = channel.name;
  message.privacy = channel.privacy;
  message.origin = Origin::client;
  if (in.form == FrameForm::binary) {
    if (asks_to_store(in.metadata)) {
      const bool told = channel.ack == Switch::on;
      if (told) reply(channel.session, in, ReplyStatus::error, std::string(kCannotStore));
      return;
    }
    message.event = in.user_event;
    message.encoding = in.encoding;
    message.payload = in.payload;
  } else {
    Result<BroadcastPush> push = parse_broadcast(in.payload);
    if (!push) return refuse_push(channel, in, push.error().message.value);
    message.event = std::move(push->event);
    message.payload = push->payload;
  }
  publish_from(channel, in, std::move(message));
}

void Hub::publish_from(Channel& channel, const Inbound& in, Message message) {
  if (message.payload.size() > options_.limits.broadcast_bytes_max) {
    return refuse_push(channel, in, code_sentence(Code::payload_size));
  }
  if (!channel.rights.write_broadcast) {
    ++stats_.dropped_denied;
    return refuse_push(channel, in, "Unauthorized: You may not write to this Channel topic");
  }
  Account* const account = channel.place.account();
  const uint64_t now = loop_.now_ms();
  Code why = Code::account_events;
  if (account && !options_.accounts->admit_event(*account, message.payload.size(),
                                                 channel.topic->members.size(), now, why)) {
    if (channel.place.tell_now(now)) {
      send_system(channel, "system", ReplyStatus::error, code_sentence(why));
    }
    return refuse_push(channel, in, code_sentence(why));
  }
  if (options_.rule) {
    const bool raw = message.encoding == Encoding::raw;
    Result<std::string> allowed = options_.rule(*channel.caller, message.topic, message.event,
                                                raw ? std::string_view("null") : message.payload);
    if (!allowed) {
      ++stats_.dropped_denied;
      const Error& error = allowed.error();
      return refuse_push(channel, in,
                         error.message.value.empty() ? error_info(error.errc).hint
                                                     : std::string_view(error.message.value));
    }
    if (!raw || *allowed != "null") {
      message.encoding = Encoding::json;
      message.payload = std::move(*allowed);
    }
  }
  BroadcastOut out;
  out.event = message.event;
  out.payload = message.payload;
  out.encoding = message.encoding;
  fan_out(message.privacy, message.topic, out, channel.self == Switch::on ? nullptr : &channel);
  if (channel.ack == Switch::on) reply(channel.session, in, ReplyStatus::ok, "{}");
  if (bus_ && bus_->has_peers()) {
    bus_->send(this, std::make_shared<const Message>(std::move(message)));
  }
}

}  // namespace chatpad::realtime

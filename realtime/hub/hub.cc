#include "realtime/hub/hub.h"

#include <algorithm>
#include <utility>

#include "realtime/hub/bus.h"
#include "runtime/base/check.h"
#include "runtime/base/uuid.h"
#include "runtime/edge/ended_sessions.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kOutboxKeptFrames = 64;  // capacity an idle outbox may keep

NodeId random_node_id() {
  const std::string text = Uuid::random().str();
  return std::stoull(text.substr(0, 8) + text.substr(9, 4), nullptr, 16) | 1;
}

}  // namespace

Session::Session(Hub& hub, Transport& transport, SessionInfo info)
    : hub_(hub),
      transport_(transport),
      vsn_(info.vsn),
      caller_(info.caller ? std::move(info.caller) : std::make_shared<const edge::Caller>()),
      peer_(std::move(info.peer)),
      origin_(std::move(info.origin)) {}

Session::~Session() { hub_.forget(*this); }

Channel* Session::find(std::string_view topic_text) {
  for (const auto& channel : channels_) {
    if (channel->topic_text == topic_text) return channel.get();
  }
  return nullptr;
}

Hub::Hub(Loop& loop, HubOptions options)
    : loop_(loop),
      options_(std::move(options)),
      presence_(random_node_id(), options_.presence, *this),
      recoveries_(loop_, options_, *this, stats_) {
  turn_end_id_ = loop_.on_turn_end([this] { flush(); });
}

Hub::~Hub() {
  CHECK(stats_.sessions == 0, "a hub outlives its sessions");
  loop_.remove_turn_end(turn_end_id_);
}

std::unique_ptr<Session> Hub::open(Transport& transport, SessionInfo info) {
  ++stats_.sessions;
  return std::make_unique<Session>(*this, transport, std::move(info));
}

void Hub::forget(Session& session) {
  drop_channels(session);
  if (session.dirty_)
    std::replace(dirty_.begin(), dirty_.end(), &session, static_cast<Session*>(nullptr));
  --stats_.sessions;
}

void Hub::drop_channels(Session& session) {
  for (const auto& channel : session.channels_) {
    untrack(*channel);
    forget_changes(*channel);
    recoveries_.forget(*channel);
    topics_.leave(*channel);
    channels_.erase(channel->id);
  }
  session.channels_.clear();
}

Channel* Hub::channel_by_id(uint64_t id) {
  const auto found = channels_.find(id);
  return found == channels_.end() ? nullptr : found->second;
}

void Hub::close(Session& session, Close why) {
  if (session.closing_) return;
  session.closing_ = why;
  stats_.count_close(why);
  if (why == Close::slow_reader) {
    ++stats_.slow_readers;
    session.outbox_.clear();
    session.outbox_bytes_ = 0;
  }
  mark_dirty(session);
}

void Hub::deliver(const Message& message) {
  Topic* topic = topics_.find(message.privacy, message.topic);
  if (!topic) return;
  Account* const account = topic->members.front().channel->place.account();
  if (account && message.origin == Origin::client &&
      !options_.accounts->admit_copies(*account, message.payload.size(), topic->members.size(),
                                       loop_.now_ms())) {
    return;
  }
  BroadcastOut out;
  out.event = message.event;
  out.payload = message.payload;
  out.encoding = message.encoding;
  out.meta = message.meta;
  fan_out(message.privacy, message.topic, out, nullptr);
}

void Hub::deliver(const edge::DurableEvent& event) {
  const Privacy privacy = event.is_private ? Privacy::restricted : Privacy::open;
  std::string meta = "{\"id\":\"" + event.id + "\"";
  if (event.seq > 0) meta += ",\"seq\":" + std::to_string(event.seq);
  if (!event.horizon.empty()) meta += ",\"horizon\":\"" + event.horizon + "\"";
  meta += "}";
  BroadcastOut out;
  out.event = event.event;
  out.encoding = event.binary_payload.empty() ? Encoding::json : Encoding::raw;
  out.payload = event.binary_payload.empty() ? event.payload_json : event.binary_payload;
  if (out.payload.empty()) out.payload = "{}";
  out.meta = meta;
  recoveries_.note_fed(event.xid);
  if (options_.accounts && event.is_private) {
    options_.accounts->hear(event.topic, event.event, event.payload_json);
  }
  if (const auto ended = edge::sessions_ended(event)) {
    end_sessions([&ended](const edge::Caller& caller) { return edge::covers(*ended, caller); });
  }
  fan_out(privacy, event.topic, out, nullptr, event.id);
  for (const std::string& topic : event.also_topics) {
    fan_out(privacy, topic, out, nullptr, event.id);
  }
  if (event.is_private && (event.event == "member.updated" || event.event == "account.updated")) {
    on_account_event(event);
  }
}

void Hub::fan_out(Privacy privacy, std::string_view name, BroadcastOut out, const Channel* except,
                  std::string_view id) {
  ++stats_.broadcasts;
  Topic* topic = topics_.find(privacy, name);
  if (!topic) return;
  topic->activity.count(loop_.now_ms());
  out.topic = topic->members.front().channel->topic_text;
  FrameRef frames[2];  // by version, made when the first subscriber of it is met
  for (const Topic::Member& member : topic->members) {
    if (member.channel == except || !member.channel->rights.read_broadcast) continue;
    const Vsn vsn = member.session->vsn_;
    FrameRef& frame = frames[static_cast<size_t>(vsn)];
    if (!frame) {
      if (!can_encode(vsn, out)) {
        ++stats_.dropped_unencodable;
        continue;
      }
      scratch_.clear();
      encode_broadcast(vsn, scratch_, out);
      frame = FrameRef::make(broadcast_form(vsn, out), scratch_);
    }
    if (member.channel->recovery && recoveries_.hold_back(*member.channel, frame, id)) continue;
    ++stats_.deliveries;
    push(*member.session, frame);
  }
}

void Hub::push(Session& session, const FrameRef& frame) {
  if (session.closing_) return;
  session.outbox_.push_back(frame);
  session.outbox_bytes_ += frame.size();
  mark_dirty(session);
  if (session.outbox_bytes_ > kFlushBytes && !session.blocked_) flush(session);
  if (session.outbox_bytes_ > options_.limits.outbox_bytes_max ||
      session.outbox_.size() > options_.limits.outbox_frames_max) {
    close(session, Close::slow_reader);
  }
}

void Hub::mark_dirty(Session& session) {
  if (session.dirty_) return;
  session.dirty_ = true;
  dirty_.push_back(&session);
}

void Hub::push_text(Session& session, std::string_view payload) {
  push(session, FrameRef::make(FrameForm::text, payload));
}

void Hub::reply(Session& session, const Inbound& in, ReplyStatus status,
                std::string_view response) {
  if (in.ref == "null") return;
  scratch_.clear();
  encode_reply(session.vsn_, scratch_, in.join_ref, in.ref, in.topic, status, response);
  push_text(session, scratch_);
}

void Hub::send_to(Channel& channel, std::string_view ref, std::string_view event,
                  std::string_view payload) {
  scratch_.clear();
  encode_message(channel.session.vsn_, scratch_, channel.join_ref, ref, channel.topic_text, event,
                 payload);
  push_text(channel.session, scratch_);
}

void Hub::send_system(Channel& channel, std::string_view extension, ReplyStatus status,
                      std::string_view message) {
  send_to(channel, "null", "system", system_json(extension, status, message, channel.name));
}

void Hub::on_ready(Session& session) {
  session.blocked_ = false;
  mark_dirty(session);
}

void Hub::flush() {
  if (std::exchange(more_expected_, false) && flush_holds_ < kFlushHoldsMax) {
    ++flush_holds_;
    hold_timer_.start(loop_, 1, [] {});
    return;
  }
  flush_holds_ = 0;
  if (bus_) bus_->flush(this);
  // Closing sessions leave their topics here, outside of any fan-out.
  for (size_t i = 0; i < dirty_.size(); ++i) {
    Session* session = dirty_[i];
    if (!session) continue;
    session->dirty_ = false;
    if (!session->closing_) {
      flush(*session);
      if (session->recovering_ > 0) recoveries_.pump(*session);
      continue;
    }
    if (session->closed_) continue;
    drop_channels(*session);
    flush(*session);
    session->closed_ = true;
    session->transport_.close(*session->closing_);
  }
  dirty_.clear();
  recoveries_.next();
}

void Hub::flush(Session& session) {
  std::vector<FrameRef>& outbox = session.outbox_;
  size_t sent = 0;
  while (sent < outbox.size()) {
    if (!session.transport_.ready()) {
      if (!session.blocked_) {
        session.blocked_ = true;
        session.transport_.want_ready();
      }
      break;
    }
    size_t last = sent;
    size_t bytes = outbox[sent].size();
    while (last + 1 < outbox.size() && bytes + outbox[last + 1].size() <= kWriteBytesMax) {
      bytes += outbox[++last].size();
    }
    ++stats_.writes;
    stats_.bytes_out += bytes;
    session.outbox_bytes_ -= bytes;
    if (last == sent) {
      session.transport_.send(outbox[sent].bytes());
    } else {
      gather_.clear();
      for (size_t i = sent; i <= last; ++i) gather_.append(outbox[i].bytes());
      session.transport_.send(gather_);
    }
    sent = last + 1;
  }
  outbox.erase(outbox.begin(), outbox.begin() + static_cast<std::ptrdiff_t>(sent));
  if (outbox.empty() && outbox.capacity() > kOutboxKeptFrames) std::vector<FrameRef>().swap(outbox);
}

HubStats Hub::stats() const {
  HubStats stats = stats_;
  stats.channels = channels_.size();
  stats.topics = topics_.size();
  stats.presences = presence_.own_count();
  stats.recoveries_waiting = recoveries_.waiting();
  return stats;
}

}  // namespace chatpad::realtime

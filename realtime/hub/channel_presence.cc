// Presence between channels and the PresenceStore: track and untrack, states, diffs, rights.
#include <algorithm>
#include <cctype>

#include "realtime/hub/bus.h"
#include "realtime/hub/hub.h"
#include "realtime/hub/presence_frames.h"
#include "realtime/protocol/json_slice.h"
#include "runtime/base/uuid.h"

namespace chatpad::realtime {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

// A burst of presence messages ends in the newest one, so it is not dropped as others are: it is
// taken as long as presence_per_s allows, refused beyond, and the socket stays open in any case.
bool Hub::take_presence_over_rate(Session& session, std::string_view message) {
  if (message.find("\"presence\"") == std::string_view::npos) return false;
  Inbound in;
  const Result<void> decoded = decode_text(session.vsn_, message, in);
  if (!decoded || in.event != "presence") return false;
  Channel* channel = session.find(in.topic);
  if (!channel) return false;
  const HubLimits& limits = options_.limits;
  if (session.presence_.take(1, limits.presence_per_s * limits.rate_scale, loop_.now_ms())) {
    dispatch(session, in);
  } else {
    ++stats_.dropped_rate;
    refuse_presence(*channel, in, Code::presence_rate);
  }
  return true;
}

void Hub::on_presence(Channel& channel, const Inbound& in) {
  const std::string event = lower(json_text(json_member(in.payload, "event")).value_or(""));
  if (event == "track") return track(channel, in, json_member(in.payload, "payload"));
  if (event != "untrack") return refuse_presence(channel, in, Code::presence_unknown_event);
  untrack(channel);
  reply(channel.session, in, ReplyStatus::ok, "{}");
}

void Hub::track(Channel& channel, const Inbound& in, std::string_view payload) {
  if (!channel.rights.write_presence) return refuse_presence(channel, in, Code::presence_denied);
  Account* const account = channel.place.account();
  if (account && !options_.accounts->admit_presence(*account, loop_.now_ms())) {
    return refuse_presence(channel, in, Code::account_presence);
  }
  const std::string kept = presence_payload(payload.empty() ? "{}" : payload);
  if (kept.empty()) return refuse_presence(channel, in, Code::presence_no_map);
  if (!channel.present) {
    channel.present = std::make_unique<ChannelPresence>();
    channel.present->key = Uuid::random().str();
  }
  const PresenceRefusal refusal = presence_.track(channel.privacy, channel.name,
                                                  channel.present->key, kept, channel.present->ref);
  if (refusal == PresenceRefusal::too_large) {
    return refuse_presence(channel, in, Code::presence_too_large);
  }
  if (refusal == PresenceRefusal::topic_full) {
    return refuse_presence(channel, in, Code::presence_full);
  }
  reply(channel.session, in, ReplyStatus::ok, "{}");
  arm_presence();
}

void Hub::refuse_presence(Channel& channel, const Inbound& in, Code code) {
  ++stats_.presence_refused;
  reply(channel.session, in, ReplyStatus::error, reason_json(code_sentence(code)));
}

void Hub::untrack(Channel& channel) {
  if (!channel.present || channel.present->ref.empty()) return;
  presence_.untrack(channel.privacy, channel.name, channel.present->key, channel.present->ref);
  channel.present->ref.clear();
  arm_presence();
}

void Hub::send_presence_state(Channel& channel) {
  if (channel.presence != Switch::on || !channel.rights.read_presence) return;
  const PresenceStateFrames frames = presence_state(presence_.told(channel.privacy, channel.name));
  send_to(channel, "null", "presence_state", frames.state);
  for (const std::string& diff : frames.diffs) send_to(channel, "null", "presence_diff", diff);
}

// A new token changed the rights of a joined channel.
void Hub::renew_presence(Channel& channel, const Rights& before) {
  if (!channel.rights.write_presence) untrack(channel);
  if (channel.presence != Switch::on) return;
  if (channel.rights.read_presence && !before.read_presence) return send_presence_state(channel);
  if (before.read_presence && !channel.rights.read_presence) {
    send_to(channel, "null", "presence_state", "{}");
  }
}

void Hub::arm_presence() {
  if (presence_.has_changes() && !presence_timer_.running()) {
    const uint64_t due_ms = presence_told_ms_ + kPresenceDiffMs;
    const uint64_t now_ms = loop_.now_ms();
    // At once after a quiet time, but not within this turn: what it still brings goes along.
    presence_timer_.start(loop_, due_ms > now_ms ? due_ms - now_ms : 1, [this] {
      presence_told_ms_ = loop_.now_ms();
      presence_.tick();
      arm_presence();
    });
  }
  if (presence_.needs_beat() && !presence_beat_.running()) {
    presence_beat_.start(loop_, kPresenceBeatMs, [this] {
      presence_.beat(loop_.now_ms());
      arm_presence();
    });
  }
}

void Hub::receive(const PresenceNews& news) {
  presence_.receive(news, loop_.now_ms());
  arm_presence();
}

void Hub::tell_nodes(SharedNews news) {
  if (bus_) bus_->send(this, std::move(news));
}

void Hub::tell_members(const PresenceDiff& diff) {
  Topic* topic = topics_.find(diff.privacy, diff.topic);
  if (!topic) return;
  const std::string& full_name = topic->members.front().channel->topic_text;
  for (const std::string& payload : presence_diffs(diff.joins, diff.leaves)) {
    FrameRef frames[2];  // by version
    for (const Topic::Member& member : topic->members) {
      const Channel& channel = *member.channel;
      // One whose history is still being read gets the state with its ok.
      if (channel.state != ChannelState::joined) continue;
      if (channel.presence != Switch::on || !channel.rights.read_presence) continue;
      const Vsn vsn = member.session->vsn_;
      FrameRef& frame = frames[static_cast<size_t>(vsn)];
      if (!frame) {
        scratch_.clear();
        encode_message(vsn, scratch_, "null", "null", full_name, "presence_diff", payload);
        frame = FrameRef::make(FrameForm::text, scratch_);
      }
      ++stats_.deliveries;
      push(*member.session, frame);
    }
  }
}

}  // namespace chatpad::realtime

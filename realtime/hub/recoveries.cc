#include "realtime/hub/recoveries.h"

#include <algorithm>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

using Phase = Recovery::Phase;

constexpr size_t kFedXidsMax = 4096;      // transactions remembered as handed over
constexpr int kVisibilityTriesMax = 100;  // readings until a transaction handed over is visible
constexpr uint64_t kVisibilityPauseMs = 10;
constexpr size_t kFillBytesMax = 256 * 1024;  // of history in a socket's outbox at a time
constexpr uint64_t kSettleMs = 10'000;  // so long an event that was replayed may still come live

std::string meta_of(const MissedEvent& event, const std::string& cluster) {
  std::string meta = "{\"id\":\"" + event.id + "\"";
  if (event.seq > 0) meta += ",\"seq\":" + std::to_string(event.seq);
  if (!event.horizon.empty()) meta += ",\"horizon\":\"" + cluster + "." + event.horizon + "\"";
  return meta + ",\"replayed\":true}";
}

// The client's cursor as JSON.
std::string cursor_json(const RecoverRequest& asked) {
  if (!asked.horizon.empty()) return wire::json_string(asked.horizon);
  return asked.seq ? std::to_string(*asked.seq) : "null";
}

uint64_t parse_xid(std::string_view text) {
  uint64_t xid = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    xid = xid * 10 + static_cast<uint64_t>(c - '0');
  }
  return xid;
}

bool is_replayed(const Recovery& recovery, std::string_view id) {
  const auto wanted = Uuid::parse(id);
  return wanted && std::binary_search(recovery.replayed.begin(), recovery.replayed.end(), *wanted);
}

// A replay holds the newest events. One that comes live although the replay's reading had seen it
// was older than those, or older than was asked for.
bool is_older_than_replay(const Recovery& recovery, uint64_t xid) {
  return xid != 0 && !recovery.history.empty() && snapshot_shows(recovery.history, xid);
}

}  // namespace

// Takes the join's wish. False: it cannot be had; `why` says so.
bool Recoveries::want(Channel& channel, JoinRequest& join, Code& why) {
  why = join.recover_malformed ? Code::recover_invalid : Code::replay_invalid;
  if (join.recover_malformed || join.replay_malformed) return false;
  if (!join.recover && !join.replay) return true;
  why = Code::replay_failed;
  if (join.privacy == Privacy::open) return false;
  why = Code::recover_invalid;
  const bool has_seq = join.recover && join.recover->seq && join.recover->horizon.empty();
  if (has_seq && !channel.name.starts_with("conversation:")) return false;
  why = Code::replay_unavailable;
  if (!options_.recovery) return false;
  channel.recovery = std::make_unique<Recovery>();
  Recovery& recovery = *channel.recovery;
  recovery.query.events_max = options_.limits.recovery_events_max;
  recovery.query.bytes_max = options_.limits.recovery_bytes_max;
  if (join.recover) {
    recovery.asked = std::move(*join.recover);
    recovery.wants_cursor = true;
  } else {
    recovery.query.replay = join.replay;
  }
  return true;
}

// Rights and feed are there: what the channel has missed comes next, if it asked, then the changes
// it wants, then its ok.
void Recoveries::admit(Channel& channel) {
  Recovery* const recovery = channel.recovery.get();
  if (!recovery) return port_.history_read(channel);
  channel.state = ChannelState::recovering;
  recovery->phase = Phase::waiting;
  if (has_place()) return read(channel);
  if (waiting_.size() >= options_.limits.recoveries_waiting_max) {
    return port_.fail_join(channel, Code::too_many_joins_waiting, {});
  }
  waiting_.push_back(channel.id);
}

bool Recoveries::has_place() const {
  return reads_ < options_.limits.recovery_reads_max && open_ < options_.limits.recoveries_max;
}

void Recoveries::next() {
  while (!waiting_.empty() && has_place()) {
    Channel* channel = port_.channel_by_id(waiting_.front());
    waiting_.pop_front();
    const bool waits = channel && channel->recovery && channel->recovery->phase == Phase::waiting;
    if (waits) read(*channel);
  }
}

void Recoveries::read(Channel& channel) {
  Recovery& recovery = *channel.recovery;
  port_.become_member(channel);
  recovery.phase = Phase::reading;
  recovery.fed_before = fed_total_;
  const bool by_horizon = !recovery.asked.horizon.empty();
  if (by_horizon) recovery.query.xid = xid_of_cursor(recovery.asked.horizon, cluster_);
  if (!by_horizon) recovery.query.seq = recovery.asked.seq;
  const uint64_t ticket = recovery.ticket = ++tickets_;
  ++open_;
  ++reads_;
  scope_.spawn(run(channel.id, ticket, channel.caller->claims, channel.name, recovery.query));
}

Task<void> Recoveries::run(uint64_t channel_id, uint64_t ticket, pg::Claims claims,
                           std::string topic, RecoveryQuery query) {
  Missed missed;
  Error error;
  bool failed = false;
  try {
    for (int tries = 0;; ++tries) {
      Missed found = co_await options_.recovery->read(claims, topic, query);
      missed = std::move(found);
      if (shows_what_was_fed(channel_id, missed.snapshot)) break;
      if (tries == kVisibilityTriesMax) {
        raise(Errc::database_unavailable, PublicText(), LogText("a commit does not get visible"));
      }
      co_await sleep_for(loop_, kVisibilityPauseMs);
    }
  } catch (const Raised& raised) {
    error = raised.error();
    failed = true;
  }
  --open_;
  --reads_;
  Channel* channel = port_.channel_by_id(channel_id);
  if (!channel || !channel->recovery || channel->recovery->ticket != ticket) co_return;
  if (failed) {
    log::Line(LogLevel::warn, "realtime_recovery_failed")
        .field("code", error_info(error.errc).code)
        .field("cause", error.cause.value);
    port_.fail_join(
        *channel,
        error.errc == Errc::overloaded ? Code::too_many_joins_waiting : Code::replay_unavailable,
        {});
  } else {
    on_history(*channel, missed);
  }
}

// False while the snapshot does not show something that left before the channel was a member.
bool Recoveries::shows_what_was_fed(uint64_t channel_id, const std::string& snapshot) {
  const Channel* channel = port_.channel_by_id(channel_id);
  if (!channel || !channel->recovery) return true;
  const uint64_t first = fed_total_ - fed_xids_.size();
  for (size_t i = 0; i < fed_xids_.size() && first + i < channel->recovery->fed_before; ++i) {
    if (!snapshot_shows(snapshot, fed_xids_[i])) return false;
  }
  return true;
}

void Recoveries::note_fed(std::string_view xid_text) {
  const uint64_t xid = feeding_ = parse_xid(xid_text);
  if (xid == 0 || (!fed_xids_.empty() && fed_xids_.back() == xid)) return;
  fed_xids_.push_back(xid);
  ++fed_total_;
  if (fed_xids_.size() > kFedXidsMax) fed_xids_.pop_front();
}

void Recoveries::on_history(Channel& channel, Missed& missed) {
  Recovery& recovery = *channel.recovery;
  const bool overflowed = std::exchange(recovery.overflowed, false);
  if (overflowed && !recovery.wants_cursor) {
    return port_.fail_join(channel, Code::replay_unavailable, {});
  }
  // A feed that broke meanwhile: what was held back is not all there is.
  if (options_.feed == FeedState::away) {
    recovery.backlog.clear();
    recovery.backlog_bytes = recovery.backlog_live = 0;
    return port_.history_void(channel);
  }
  if (!recovery.asked.horizon.empty() && !recovery.query.xid) missed.outcome = "another_database";
  // What came live while it was read is more than a history may be: joining again would not help.
  if (overflowed && missed.outcome == "ok") missed.outcome = "too_long";
  if (missed.outcome != "ok") missed.events.clear();
  std::deque<Recovery::Held> live;
  live.swap(recovery.backlog);
  recovery.backlog_bytes = recovery.backlog_live = 0;
  for (const MissedEvent& event : missed.events) queue_missed(channel, event);
  std::sort(recovery.replayed.begin(), recovery.replayed.end());
  stats_.recovered_events += missed.events.size();
  ++stats_.recoveries;
  if (recovery.wants_cursor) word_answer(channel, missed);
  if (recovery.query.replay) recovery.history = missed.snapshot;
  for (Recovery::Held& held : live) {
    const bool known = is_replayed(recovery, held.id) || is_older_than_replay(recovery, held.xid);
    if (!known) keep_held(recovery, std::move(held));
  }
  recovery.phase = Phase::read;
  port_.history_read(channel);
}

void Recoveries::queue_missed(Channel& channel, const MissedEvent& event) {
  Recovery& recovery = *channel.recovery;
  const std::string meta = meta_of(event, cluster_);
  BroadcastOut out;
  out.topic = channel.topic_text;
  out.event = event.event;
  out.encoding = event.binary_payload.empty() ? Encoding::json : Encoding::raw;
  out.payload = event.binary_payload.empty() ? event.payload_json : event.binary_payload;
  if (out.payload.empty()) out.payload = "{}";
  out.meta = meta;
  const Vsn vsn = channel.session.vsn_;
  if (const auto id = Uuid::parse(event.id)) recovery.replayed.push_back(*id);
  if (!can_encode(vsn, out)) {
    ++stats_.dropped_unencodable;
    return;
  }
  scratch_.clear();
  encode_broadcast(vsn, scratch_, out);
  FrameRef frame = FrameRef::make(broadcast_form(vsn, out), scratch_);
  recovery.backlog_bytes += frame.size();
  recovery.backlog.push_back(Recovery::Held{std::string(), std::move(frame), 0});
}

// The reply's `recover` member, and the same in a system event, which applications can hear.
void Recoveries::word_answer(Channel& channel, const Missed& missed) {
  Recovery& recovery = *channel.recovery;
  const bool is_gap = missed.outcome != "ok";
  std::string facts;
  if (is_gap) {
    ++stats_.recovery_gaps;
    const bool by_seq = recovery.asked.horizon.empty();
    const std::string to =
        by_seq ? std::to_string(missed.seq) : wire::json_string(cluster_ + "." + missed.horizon);
    facts = "\"gap\":{\"from\":" + cursor_json(recovery.asked) + ",\"to\":" + to +
            "},\"reason\":" + wire::json_string(missed.outcome);
  } else {
    facts = "\"count\":" + std::to_string(missed.events.size());
  }
  facts += ",\"horizon\":" + wire::json_string(cluster_ + "." + missed.horizon);
  recovery.answer = ",\"recover\":{" + facts + "}";
  const std::string system = system_json(
      "recover", is_gap ? ReplyStatus::error : ReplyStatus::ok,
      is_gap ? code_sentence(Code::recover_gap) : "Everything missed was sent", channel.name);
  recovery.system = system.substr(0, system.size() - 1) + "," + facts + "}";
  scratch_.clear();
  encode_message(channel.session.vsn_, scratch_, channel.join_ref, "null", channel.topic_text,
                 "system", recovery.system);
  FrameRef frame = FrameRef::make(FrameForm::text, scratch_);
  recovery.backlog_bytes += frame.size();
  recovery.backlog.push_back(Recovery::Held{std::string(), std::move(frame), 0});
}

void Recoveries::keep_held(Recovery& recovery, Recovery::Held held) {
  const HubLimits& limits = options_.limits;
  if (recovery.overflowed) return;
  recovery.backlog_bytes += held.frame.size();
  ++recovery.backlog_live;
  if (recovery.backlog_live > limits.held_events_max ||
      recovery.backlog_bytes > limits.held_bytes_max + limits.recovery_bytes_max) {
    recovery.overflowed = true;
    recovery.backlog.clear();
    return;
  }
  recovery.backlog.push_back(std::move(held));
}

// Called in the middle of a fan-out. True: the event does not go out now.
bool Recoveries::hold_back(Channel& channel, const FrameRef& frame, std::string_view id) {
  Recovery& recovery = *channel.recovery;
  const uint64_t xid = id.empty() ? 0 : feeding_;
  if (is_replayed(recovery, id) || is_older_than_replay(recovery, xid)) return true;
  if (recovery.phase == Phase::settling) return false;
  keep_held(recovery, Recovery::Held{std::string(id), frame, xid});
  if (recovery.overflowed) port_.mark_dirty(channel.session);
  return true;
}

// The ok is in the outbox: the history follows, as fast as the client reads.
void Recoveries::release(Channel& channel) {
  Recovery& recovery = *channel.recovery;
  recovery.phase = Phase::draining;
  ++open_;
  ++channel.session.recovering_;
  const uint64_t id = channel.id;
  recovery.due.start(loop_, options_.limits.recovery_drain_ms, [this, id] {
    Channel* late = port_.channel_by_id(id);
    if (late) port_.close(late->session, Close::slow_reader);
  });
  port_.mark_dirty(channel.session);
}

// At the end of a turn, outside of any fan-out.
void Recoveries::pump(Session& session) {
  std::vector<uint64_t> draining;
  for (const auto& channel : session.channels_) {
    if (channel->recovery && channel->recovery->phase == Phase::draining) {
      draining.push_back(channel->id);
    }
  }
  for (const uint64_t id : draining) {
    Channel* channel = port_.channel_by_id(id);
    if (!channel || session.closing_) return;
    Recovery& recovery = *channel->recovery;
    if (recovery.overflowed) {
      port_.crash(*channel, Code::gap, {});
      continue;
    }
    while (!recovery.backlog.empty() && session.outbox_bytes_ < kFillBytesMax &&
           session.outbox_.size() < options_.limits.outbox_frames_max / 2) {
      ++stats_.deliveries;
      recovery.backlog_bytes -= recovery.backlog.front().frame.size();
      port_.push(session, recovery.backlog.front().frame);
      recovery.backlog.pop_front();
    }
    if (recovery.backlog.empty()) settle(*channel);
  }
}

void Recoveries::settle(Channel& channel) {
  forget(channel);
  Recovery& recovery = *channel.recovery;
  recovery.phase = Phase::settling;
  const uint64_t id = channel.id;
  recovery.due.start(loop_, kSettleMs, [this, id] {
    Channel* settled = port_.channel_by_id(id);
    if (settled) loop_.post([this, id] { end_settling(id); });
  });
}

// Not from the recovery's own timer, which this destroys.
void Recoveries::end_settling(uint64_t channel_id) {
  Channel* channel = port_.channel_by_id(channel_id);
  if (channel) channel->recovery.reset();
}

void Recoveries::forget(Channel& channel) {
  if (!channel.recovery || channel.recovery->phase != Phase::draining) return;
  --open_;
  --channel.session.recovering_;
  channel.recovery->phase = Phase::settling;
}

}  // namespace chatpad::realtime

// Hub: topics, channels and fan-out of one loop. It knows topics and rights, nothing of chat.
//
// Sockets come in through open(); what they send through on_text()/on_binary(). Broadcasts are
// framed once per (topic, version), appended to the outbox of every subscriber, and written once
// per socket at the end of the loop's turn. Broadcasts of clients go to the other loops through the
// Bus (bus.h); durable events come from the WAL feed through deliver().
//
// A join is answered with ok only when the WAL feed is live (set_feed), so that a write made after
// the reply is delivered. Rights of private topics come from the RightsProbe.
// Who is present is in presence.h. What a channel missed while away is in recoveries.h.
// Row changes come from a ChangeSource (change_source.h); joins that ask wait until they are live.
// Limits: limits.h. Not thread-safe: everything is called from the hub's own loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "realtime/hub/change_source.h"
#include "realtime/hub/message.h"
#include "realtime/hub/options.h"
#include "realtime/hub/presence.h"
#include "realtime/hub/recoveries.h"
#include "realtime/hub/rights.h"
#include "realtime/hub/session.h"
#include "realtime/hub/stats.h"
#include "realtime/hub/topics.h"
#include "runtime/coro/scope.h"
#include "runtime/edge/caller.h"
#include "runtime/edge/publisher.h"

namespace chatpad::realtime {

class Bus;

class Hub : private PresencePort, private RecoveryPort {
 public:
  Hub(Loop& loop, HubOptions options);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  Loop& loop() { return loop_; }
  void attach(Bus* bus, std::shared_ptr<Audience> audience) {
    bus_ = bus;
    topics_.attach(std::move(audience));
  }
  // Before any socket; outlives the sessions.
  void attach(ChangeSource* changes) { changes_ = changes; }

  // Sockets.
  std::unique_ptr<Session> open(Transport& transport, SessionInfo info);
  void on_text(Session& session, std::string_view message);
  void on_binary(Session& session, std::string_view message);
  void on_ready(Session& session);  // Transport::want_ready's answer
  void close(Session& session, Close why) override;

  // Events.
  void deliver(const Message& message);
  void deliver(const edge::DurableEvent& event);
  // A membership of the account changed, or what it asks of its people. Who is no member any more
  // loses the account's channels now, before the next event; whoever has another role, and
  // everybody when the account wants a second factor, is asked about anew.
  void on_account_event(const edge::DurableEvent& event);
  void receive(const PresenceNews& news);  // presences of other hubs
  // The feed streams or does not. Away: joins wait. live after away: waiting joins are answered.
  // `cluster` names the history it streams, as the first part of cursors.
  void set_feed(FeedState state, std::string cluster = {});
  // Signed out, barred, deleted: the person's channels are told and end, and with the last one the
  // socket. deliver() calls it for what the event `sessions.ended` names.
  void end_sessions(const std::function<bool(const edge::Caller&)>& is_ended);
  // Durable events may be missing: every channel is told and sent phx_error; it joins again.
  void announce_gap();

  // Row changes: a ChangeSource's answers and deliveries. Channels that are gone are left alone.
  void on_changes(uint64_t channel_id, uint64_t ticket, ChangesOutcome outcome, std::string text);
  void push_change(uint64_t channel_id, const FrameRef& frame);
  // True while the channel's socket has more than half of what it may have waiting.
  bool is_backed_up(uint64_t channel_id);
  void lose_changes(uint64_t channel_id, Code code);  // the client is made to join again
  void warn_changes(uint64_t channel_id, Code code, std::string_view detail = {});  // system error

  // Writes every outbox that has something; called at the end of each turn of the loop.
  void flush();
  // The socket that just spoke has more to read: the next flush waits for it, kFlushHoldsMax turns
  // at most, so that a burst leaves in one write per subscriber.
  void expect_more() { more_expected_ = true; }
  HubStats stats() const;

 private:
  friend class Session;
  friend class Inspector;

  // inbound.cc
  bool admit(Session& session, std::string_view message);
  void count_drop(Session& session);
  void dispatch(Session& session, const Inbound& in);
  void on_phoenix(Session& session, const Inbound& in);
  void on_channel_event(Session& session, Channel& channel, const Inbound& in);
  void on_broadcast(Session& session, Channel& channel, const Inbound& in);
  void publish_from(Channel& channel, const Inbound& in, Message message);
  void refuse_push(Channel& channel, const Inbound& in, std::string_view reason);

  // channel_presence.cc
  bool take_presence_over_rate(Session& session, std::string_view message);
  void on_presence(Channel& channel, const Inbound& in);
  void track(Channel& channel, const Inbound& in, std::string_view payload);
  void refuse_presence(Channel& channel, const Inbound& in, Code code);
  void untrack(Channel& channel);
  void send_presence_state(Channel& channel);
  void renew_presence(Channel& channel, const Rights& before);
  void arm_presence();
  void tell_members(const PresenceDiff& diff) override;
  void tell_nodes(SharedNews news) override;

  // channels.cc
  void on_join(Session& session, const Inbound& in);
  void refuse_join(Session& session, const Inbound& in, Code code, std::string_view detail = {});
  void fail_join(Channel& channel, Code code, std::string_view detail = {}) override;
  // A visitor's token is bound to the site it was made for.
  bool origin_fits(const edge::Caller& caller, const std::string& origin) const;
  bool adopt_token(Channel& channel, const std::string& token, Code& why);
  void on_access_token(Channel& channel, const Inbound& in);
  void watch_expiry(Channel& channel);
  void start_probe(Channel& channel);
  Task<void> run_probe(uint64_t channel_id, uint64_t probe, pg::Claims claims, std::string topic);
  // Null when the answer of this probe is not waited for any more.
  Channel* channel_of_probe(uint64_t channel_id, uint64_t probe);
  void on_rights(uint64_t channel_id, uint64_t probe, const Rights& rights);
  void on_rights_failed(uint64_t channel_id, uint64_t probe, const Error& error);
  void admit_join(Channel& channel);
  void finish_join(Channel& channel);
  void push_join_extras(Channel& channel);
  void expire_waiting();
  void leave(Session& session, Channel& channel);
  // system error, then phx_error: the client joins again.
  void crash(Channel& channel, Code code, std::string_view detail = {}) override;
  Channel* channel_by_id(uint64_t id) override;
  std::vector<uint64_t> channels_of(const Uuid& account, const std::optional<Uuid>& person);
  void on_member(const Uuid& account, const edge::DurableEvent& event);

  // changes.cc
  void admit_changes(Channel& channel);
  void ask_changes(Channel& channel);
  void refuse_changes(Channel& channel, std::string_view text);
  void forget_changes(Channel& channel);

  // A recovery's wishes.
  void become_member(Channel& channel) override;
  void history_read(Channel& channel) override { admit_changes(channel); }
  void history_void(Channel& channel) override;

  // hub.cc; `id` of a durable event
  void fan_out(Privacy privacy, std::string_view name, BroadcastOut out, const Channel* except,
               std::string_view id = {});
  void push(Session& session, const FrameRef& frame) override;
  void push_text(Session& session, std::string_view payload);
  void reply(Session& session, const Inbound& in, ReplyStatus status, std::string_view response);
  void send_to(Channel& channel, std::string_view ref, std::string_view event,
               std::string_view payload);
  void send_system(Channel& channel, std::string_view extension, ReplyStatus status,
                   std::string_view message);
  void flush(Session& session);
  void mark_dirty(Session& session) override;
  void drop_channels(Session& session);
  void forget(Session& session);

  Loop& loop_;
  HubOptions options_;
  Bus* bus_ = nullptr;
  ChangeSource* changes_ = nullptr;
  Topics topics_;
  PresenceStore presence_;
  Timer presence_timer_;  // of the next tick
  Timer presence_beat_;
  uint64_t presence_told_ms_ = 0;
  std::unordered_map<uint64_t, Channel*> channels_;
  uint64_t next_id_ = 1;
  size_t probes_ = 0;  // under way
  RightsNews rights_news_;
  std::deque<WaitingJoin> waiting_;
  Timer waiting_timer_;
  std::vector<Session*> dirty_;
  bool more_expected_ = false;
  uint32_t flush_holds_ = 0;
  Timer hold_timer_;  // should the expected bytes be somebody else's to read
  std::string gather_;
  std::string scratch_;
  HubStats stats_;
  uint64_t turn_end_id_ = 0;
  Recoveries recoveries_;
  Scope scope_;  // last: its tasks use everything above
};

}  // namespace chatpad::realtime

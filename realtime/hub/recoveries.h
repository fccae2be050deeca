// Recoveries: brings the channels of one hub up to date that come back and ask for what they missed
// (`broadcast.replay`, `broadcast.recover`): sent behind the join's ok and before anything live.
//
// The channel becomes a member of its topic first, what arrives is held back, then the
// RecoveryReader is asked; every event is in the answer, or held back, or both, and its id says so.
// A transaction may reach the log's readers a moment before it is visible to others: the answer
// counts only when its snapshot shows everything the hub was handed before the channel became a
// member; otherwise it is read again.
//
// Owned by the hub, which is also its RecoveryPort. Limits: HubLimits (events, bytes, held back, at
// a time, waiting, time to drain); a channel that exceeds one fails its join, or is told of the
// gap. One loop only.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "realtime/hub/options.h"
#include "realtime/hub/recovery.h"
#include "realtime/hub/session.h"
#include "realtime/hub/stats.h"
#include "runtime/coro/scope.h"

namespace chatpad::realtime {

// What a recovery wants of the hub.
class RecoveryPort {
 public:
  virtual Channel* channel_by_id(uint64_t id) = 0;
  virtual void become_member(Channel& channel) = 0;
  // The history has been read: the join goes on.
  virtual void history_read(Channel& channel) = 0;
  // The feed broke while it was read: not a member any more, the join begins anew.
  virtual void history_void(Channel& channel) = 0;
  virtual void fail_join(Channel& channel, Code code, std::string_view detail) = 0;
  virtual void crash(Channel& channel, Code code, std::string_view detail) = 0;
  virtual void push(Session& session, const FrameRef& frame) = 0;
  virtual void mark_dirty(Session& session) = 0;
  virtual void close(Session& session, Close why) = 0;

 protected:
  ~RecoveryPort() = default;
};

class Recoveries {
 public:
  // `options` and `port` outlive it; so does the loop.
  Recoveries(Loop& loop, const HubOptions& options, RecoveryPort& port, HubStats& stats)
      : loop_(loop), options_(options), port_(port), stats_(stats) {}
  Recoveries(const Recoveries&) = delete;
  Recoveries& operator=(const Recoveries&) = delete;

  // Takes the join's wish. False: it cannot be had; `why` says so.
  bool want(Channel& channel, JoinRequest& join, Code& why);
  // Rights and feed are there. The port hears history_read or fail_join, now or later.
  void admit(Channel& channel);
  // Called in the middle of a fan-out, of a channel with a recovery. True: the event (`id` of a
  // durable one) does not go out now.
  bool hold_back(Channel& channel, const FrameRef& frame, std::string_view id);
  // The ok is in the outbox: the history follows, as fast as the client reads.
  void release(Channel& channel);
  // At the end of a turn, outside of any fan-out: more of the histories of this session.
  void pump(Session& session);
  // At the end of a turn: channels that waited for a place.
  void next();
  // The channel goes.
  void forget(Channel& channel);

  // A durable event of this transaction was handed to the hub.
  void note_fed(std::string_view xid_text);
  // Names the history that the feed streams: the first part of cursors.
  void set_cluster(std::string cluster) { cluster_ = std::move(cluster); }
  size_t waiting() const { return waiting_.size(); }

 private:
  bool has_place() const;
  void read(Channel& channel);
  Task<void> run(uint64_t channel_id, uint64_t ticket, pg::Claims claims, std::string topic,
                 RecoveryQuery query);
  bool shows_what_was_fed(uint64_t channel_id, const std::string& snapshot);
  void on_history(Channel& channel, Missed& missed);
  void queue_missed(Channel& channel, const MissedEvent& event);
  void word_answer(Channel& channel, const Missed& missed);
  void keep_held(Recovery& recovery, Recovery::Held held);
  void settle(Channel& channel);
  void end_settling(uint64_t channel_id);

  Loop& loop_;
  const HubOptions& options_;
  RecoveryPort& port_;
  HubStats& stats_;
  std::string cluster_;
  size_t open_ = 0;  // being read or written
  size_t reads_ = 0;
  uint64_t tickets_ = 0;
  std::deque<uint64_t> waiting_;   // channels
  std::deque<uint64_t> fed_xids_;  // the newest transactions handed over
  uint64_t fed_total_ = 0;
  uint64_t feeding_ = 0;  // the transaction whose event is handed over
  std::string scratch_;
  Scope scope_;  // last: its tasks use everything above
};

}  // namespace chatpad::realtime

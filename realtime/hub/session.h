// Session: one websocket as the hub sees it, with its channels and its bounded outbox.
//
// Made by Hub::open and owned by the transport, which destroys it when the socket is gone; that
// leaves every topic. The hub must outlive its sessions. One loop only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/hub/account_limits.h"
#include "realtime/hub/frame_buffer.h"
#include "realtime/hub/rate.h"
#include "realtime/hub/recovery.h"
#include "realtime/hub/rights.h"
#include "realtime/hub/transport.h"
#include "realtime/protocol/frame.h"
#include "realtime/protocol/join.h"
#include "runtime/edge/caller.h"
#include "runtime/loop/loop.h"

namespace chatpad::realtime {

class Hub;
class Recoveries;
class Session;
struct Topic;

// What the front door knows about a socket when it hands it over.
struct SessionInfo {
  Vsn vsn = Vsn::v1;
  std::shared_ptr<const edge::Caller> caller;  // of the connection's apikey; null: anonymous
  std::string peer;                            // for the log
  std::string origin;                          // of the page that opened it; empty outside browsers
  std::string key;                             // Sec-WebSocket-Key
};

// A channel's place among the present of its topic.
struct ChannelPresence {
  std::string key;
  std::string ref;  // empty: not tracked
};

enum class ChannelState : uint8_t {
  probing,
  waiting_for_feed,
  recovering,
  waiting_for_changes,
  joined
};

// One joined (or joining) topic of one session.
struct Channel {
  Channel(Session& of, std::string_view full_topic, std::string_view name_in, const Inbound& join)
      : session(of),
        topic_text(full_topic),
        name(name_in),
        join_ref(join.join_ref == "null" ? join.ref : join.join_ref),
        ref(join.ref) {}

  Session& session;
  const std::string topic_text;  // with its prefix
  const std::string name;        // without
  const std::string join_ref;    // raw JSON token
  const std::string ref;         // of the join message; raw JSON token
  uint64_t id = 0;               // names the channel to what answers later
  uint64_t probe = 0;            // the newest question about its rights
  ChannelState state = ChannelState::probing;
  Privacy privacy = Privacy::open;
  Switch ack = Switch::off;
  Switch self = Switch::off;
  Switch presence = Switch::off;
  Switch older_client = Switch::off;  // see JoinRequest
  Switch replication_ready = Switch::off;
  Rights rights;
  AccountPlace place;
  std::shared_ptr<const edge::Caller> caller;
  std::vector<ChangeRequest> changes;
  std::unique_ptr<ChannelPresence> present;  // null: no key was given and nothing tracked
  Switch changes_wait = Switch::off;         // an unfulfilled subscription fails the join
  uint64_t changes_wait_ms = 0;
  uint64_t changes_ticket = 0;  // the newest question about them; 0: none was asked
  Timer changes_due;
  std::unique_ptr<Recovery> recovery;  // null: it asked for no history, or has all of it
  Timer expiry;
  Topic* topic = nullptr;  // null until joined
  size_t slot = 0;         // its place in the topic's list
};

// A join that waits for the feed.
struct WaitingJoin {
  uint64_t channel_id;
  uint64_t due_ms;
};

class Session {
 public:
  Session(Hub& hub, Transport& transport, SessionInfo info);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Vsn vsn() const { return vsn_; }
  const std::string& peer() const { return peer_; }
  size_t channel_count() const { return channels_.size(); }
  size_t outbox_bytes() const { return outbox_bytes_; }
  bool closing() const { return closing_.has_value(); }

 private:
  friend class Hub;
  friend class Recoveries;
  friend class Inspector;
  Channel* find(std::string_view topic_text);

  Hub& hub_;
  Transport& transport_;
  const Vsn vsn_;
  bool dirty_ = false;    // stands in the hub's list of sessions to flush
  bool blocked_ = false;  // waits for on_ready
  bool closed_ = false;   // the transport was told to close
  std::optional<Close> closing_;
  std::vector<FrameRef> outbox_;
  size_t outbox_bytes_ = 0;
  SessionAccounts accounts_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::shared_ptr<const edge::Caller> caller_;
  const std::string peer_;
  const std::string origin_;
  RateBucket messages_, joins_, bytes_, presence_;
  uint64_t drop_window_ms_ = 0;  // start of the second in which drops are counted
  uint32_t dropped_ = 0;
  size_t recovering_ = 0;  // channels whose history is on its way out
};

}  // namespace chatpad::realtime

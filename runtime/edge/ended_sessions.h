// EndedSessions: sessions that ended before their access tokens did, and people who are let in no
// more. Tokens are verified without the database, so each loop remembers for as long as a token of
// ours can live what SQL told every program with the durable event `sessions.ended`
// (private.tell_ended) when somebody signed out, was barred or deleted, or changed the password.
//
// After a start, and after the feed was away, the program reads auth.ended_sessions and tells the
// same. A token that names no session ends with its person only. One per loop; not thread-safe.
// At most kEndedSessionsMax entries; the oldest go first.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/edge/caller.h"
#include "runtime/edge/publisher.h"

namespace chatpad::edge {

constexpr size_t kEndedSessionsMax = 100'000;
constexpr int64_t kEndedSessionKeptS = 3'900;  // access tokens live an hour

// What one event says.
struct SessionsEnded {
  std::string user_id;
  std::vector<std::string> sessions;
  bool everything = false;  // every token of the person that was made until then
  int64_t at_s = 0;
};
// nullopt for every other event.
std::optional<SessionsEnded> sessions_ended(const DurableEvent& event);
// Is this person's token one of them? For sockets that are open.
bool covers(const SessionsEnded& ended, const Caller& caller);

class EndedSessions {
 public:
  void note(const SessionsEnded& ended, int64_t now_s);
  // `issued_at_s`: the token's iat, 0 when it has none: then it counts as old.
  bool has(std::string_view session_id, std::string_view user_id, int64_t issued_at_s) const;
  size_t size() const { return at_.size(); }

 private:
  void put(const std::string& id, int64_t at_s, int64_t now_s);

  std::unordered_map<std::string, int64_t> at_;  // by session's or person's id
  std::deque<std::pair<int64_t, std::string>> order_;
};

}  // namespace chatpad::edge

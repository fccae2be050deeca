#include "runtime/edge/ended_sessions.h"

#include <algorithm>

#include "runtime/wire/fields.h"

namespace chatpad::edge {
namespace {

constexpr std::string_view kTopic = "session:";
constexpr std::string_view kEvent = "sessions.ended";
constexpr size_t kSessionsOfEventMax = 10'000;

}  // namespace

std::optional<SessionsEnded> sessions_ended(const DurableEvent& event) {
  if (!event.is_private || event.event != kEvent || !event.topic.starts_with(kTopic)) {
    return std::nullopt;
  }
  const auto fields = wire::Fields::parse(event.payload_json);
  if (!fields) return std::nullopt;
  SessionsEnded ended;
  ended.user_id = fields->optional_string("userId", 36).value_or("");
  ended.sessions = fields->string_list("sessions", kSessionsOfEventMax, 36);
  ended.everything = fields->boolean("everything", false);
  ended.at_s = fields->integer("at", 0, INT64_MAX);
  return ended;
}

bool covers(const SessionsEnded& ended, const Caller& caller) {
  if (caller.kind != CallerKind::user) return false;
  if (ended.everything && caller.subject == ended.user_id) return true;
  return !caller.session_id.empty() && std::find(ended.sessions.begin(), ended.sessions.end(),
                                                 caller.session_id) != ended.sessions.end();
}

void EndedSessions::note(const SessionsEnded& ended, int64_t now_s) {
  while (!order_.empty() && order_.front().first <= now_s) {
    const auto found = at_.find(order_.front().second);
    // An entry that was renewed stands again further back.
    if (found != at_.end() && found->second + kEndedSessionKeptS <= now_s) at_.erase(found);
    order_.pop_front();
  }
  for (const std::string& session : ended.sessions) put(session, ended.at_s, now_s);
  if (ended.everything) put(ended.user_id, ended.at_s, now_s);
}

void EndedSessions::put(const std::string& id, int64_t at_s, int64_t now_s) {
  const auto [entry, is_new] = at_.try_emplace(id, at_s);
  if (!is_new && entry->second >= at_s) return;
  entry->second = at_s;
  order_.emplace_back(now_s + kEndedSessionKeptS, id);
  while (at_.size() > kEndedSessionsMax) {
    at_.erase(order_.front().second);
    order_.pop_front();
  }
}

bool EndedSessions::has(std::string_view session_id, std::string_view user_id,
                        int64_t issued_at_s) const {
  if (at_.empty()) return false;
  if (!session_id.empty() && at_.contains(std::string(session_id))) return true;
  const auto person = at_.find(std::string(user_id));
  return person != at_.end() && issued_at_s <= person->second;
}

}  // namespace chatpad::edge

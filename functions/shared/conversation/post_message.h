// A visitor's message, committed: the first step of every chat endpoint.
//
// What is stored of it follows the agent's safety settings (safety/guard.h, for_store): it is
// screened before the commit, so that no table, event, preview or search ever has what they keep
// out. Which settings those are is remembered per loop and confirmed by the database in the same
// trip: when they have changed, nothing is stored, and the message is screened and posted again.
// Whoever answers gets the message as it was written.
// The row of its answer begins in the same transaction (ai/answers.h). Errors: overloaded, before
// anything is stored; those of api.post_visitor_message. Limits: kSettingsKeptMax, kPostsMax.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "functions/shared/conversation/posted_message.h"
#include "runtime/base/uuid.h"
#include "runtime/edge/call.h"

namespace chatpad::edge {
class Context;
}

namespace chatpad::functions {

constexpr size_t kSettingsKeptMax = 2'000;
constexpr int kPostsMax = 5;  // of one message, while its agent's settings change

struct VisitorMessage {
  // An agent's id, or a session's, which is its conversation's.
  enum class To : uint8_t { agent, session };
  VisitorMessage(To to, std::string id) : to(to), id(std::move(id)) {}

  To to;
  std::string id;
  std::optional<Uuid> conversation_id;  // to an agent
  std::optional<Uuid> visitor_id;       // of an API key that begins a conversation for them
  std::string content;
  std::optional<std::string> client_message_id;
  std::string metadata = "{}";
  int history = 0;  // earlier messages that the answer is told of
};

Task<PostedMessage> post_message(edge::Call call, VisitorMessage message);

// The safety settings that agents and sessions were last seen with, by id. One per loop.
class SettingsSeen {
 public:
  explicit SettingsSeen(edge::Context&) {}
  const std::string& of(const std::string& id) const;
  void note(const std::string& id, std::string settings);

 private:
  std::unordered_map<std::string, std::string> seen_;  // other than the default ones
};

}  // namespace chatpad::functions

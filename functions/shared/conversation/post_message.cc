#include "functions/shared/conversation/post_message.h"

#include "functions/shared/safety/answer_guard.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kToAgent{
    "post_visitor_message",
    "select d->>'safety', d from api.post_visitor_message($1::uuid, $2, $3, $4, $5, $6, $7, $8, "
    "$9) d"};
constexpr pg::Statement kToSession{
    "session_message",
    "select d->>'safety', d from api.post_visitor_message((api.chat_session($1::uuid)->>"
    "'agentId')::uuid, $1::uuid, $2, $3, $4, $5, $6, null, $7) d"};

pg::Params params_of(const VisitorMessage& message, const std::string& stored,
                     const std::string& settings) {
  if (message.to == VisitorMessage::To::session) {
    return pg::Params(message.id, stored, message.client_message_id, message.metadata,
                      message.history, settings, ai::kBeginLeaseS);
  }
  return pg::Params(message.id, message.conversation_id, stored, message.client_message_id,
                    message.metadata, message.history, settings, message.visitor_id,
                    ai::kBeginLeaseS);
}

}  // namespace

const std::string& SettingsSeen::of(const std::string& id) const {
  static const std::string kDefault = "{}";
  const auto found = seen_.find(id);
  return found == seen_.end() ? kDefault : found->second;
}

void SettingsSeen::note(const std::string& id, std::string settings) {
  if (seen_.size() >= kSettingsKeptMax) seen_.clear();
  seen_[id] = std::move(settings);
}

Task<PostedMessage> post_message(edge::Call call, VisitorMessage message) {
  auto& seen = call.context().local<SettingsSeen>();
  auto& policies = call.context().local<Policies>();
  call.context().local<ai::Answers>().require_room();
  for (int i = 0; i < kPostsMax; ++i) {
    const std::string settings = seen.of(message.id);
    const std::string stored = safety::for_store(*policies.of(settings), message.content);
    pg::Params params = params_of(message, stored, settings);
    const bool to_agent = message.to == VisitorMessage::To::agent;
    const pg::Statement statement = to_agent ? kToAgent : kToSession;
    const pg::Rows rows = co_await call.db().rows(statement, std::move(params));
    if (rows.size() != 1) raise(Errc::not_found);
    if (!rows.is_null(0, 0)) {
      seen.note(message.id, rows.str(0, 0));
      continue;
    }
    PostedMessage posted =
        read_posted_message(rows.text(0, 1), std::move(message.content)).or_raise();
    posted.assignment.can_return = message.client_message_id.has_value();
    co_return posted;
  }
  raise(Errc::overloaded);
}

}  // namespace chatpad::functions

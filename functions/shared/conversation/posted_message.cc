#include "functions/shared/conversation/posted_message.h"

#include <nlohmann/json.hpp>

#include "functions/shared/ai/manner.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

std::string text_or(const wire::Json& object, const char* name, std::string fallback) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : std::move(fallback);
}

ai::Prompt prompt_of(const wire::Json& document, std::string question) {
  ai::Prompt prompt;
  const wire::Json& agent = document.at("agent");
  prompt.agent_name = text_or(agent, "name", "");
  prompt.instructions = text_or(agent, "instructions", "");
  prompt.fallback_message = text_or(agent, "fallbackMessage", "");
  const wire::Json personality = agent.value("personality", wire::Json::object());
  const auto flow = personality.find("conversationFlow");
  if (flow != personality.end() && flow->is_object()) {
    prompt.escalation_message = text_or(*flow, "escalationMessage", "");
  }
  prompt.account_id = document.at("accountId").get<std::string>();
  if (!document.value("hasSecrets", true)) prompt.own_keys = OwnKeys::none;
  prompt.manner = ai::manner_of(agent.value("personality", wire::Json()));
  prompt.settings =
      ai::agent_settings(text_or(agent, "model", ""), agent.value("ai", wire::Json()));
  prompt.question = std::move(question);
  for (const wire::Json& turn : document.at("history")) {
    prompt.history.push_back({text_or(turn, "role", ""), text_or(turn, "content", "")});
  }
  for (const wire::Json& group : document.at("groups")) {
    prompt.audience.groups.push_back(group.get<std::string>());
  }
  return prompt;
}

PostedMessage read(const wire::Json& document, std::string question) {
  PostedMessage posted;
  posted.conversation_id = document.at("conversationId").get<std::string>();
  posted.status = document.at("status").get<std::string>();
  posted.user_message_json = wire::dump(document.at("userMessage"));
  const auto state = document.at("replyState").get<std::string>();
  posted.reply_state = state == "complete"  ? ReplyState::complete
                       : state == "running" ? ReplyState::running
                                            : ReplyState::none;
  posted.reply_json = wire::dump(document.at("reply"));
  posted.assignment.account_id = document.at("accountId").get<std::string>();
  posted.assignment.conversation_id = posted.conversation_id;
  posted.assignment.agent_id = document.at("agent").at("id").get<std::string>();
  posted.assignment.reply_to = document.at("userMessage").at("id").get<std::string>();
  posted.assignment.message_id = text_or(document, "answerId", "");
  posted.assignment.user_message_json = posted.user_message_json;
  posted.assignment.epoch = document.at("epoch").get<int64_t>();
  posted.assignment.knowledge_version = document.at("agent").at("knowledgeVersion").get<int64_t>();
  const wire::Json& agent = document.at("agent");
  posted.assignment.lead_settings = wire::dump(agent.at("leadSettings"));
  const wire::Json& lead = document.at("lead");
  if (lead.at("state").is_object()) posted.assignment.lead_state = wire::dump(lead.at("state"));
  posted.assignment.has_lead = lead.at("hasLead").get<bool>();
  posted.assignment.visitor_messages = lead.at("messages").get<int>();
  posted.assignment.asked_at = text_or(document.at("userMessage"), "createdAt", "");
  posted.lead_captured = posted.assignment.has_lead;
  if (agent.contains("safety")) posted.assignment.safety = wire::dump(agent.at("safety"));
  for (const wire::Json& origin : agent.value("allowedOrigins", wire::Json::array())) {
    posted.assignment.origins.push_back(origin.get<std::string>());
  }
  const wire::Json& schedule = agent.at("schedule");
  if (schedule.is_object()) posted.assignment.schedule = wire::dump(schedule);
  posted.assignment.over_budget = text_or(document, "overBudget", "");
  posted.assignment.prompt = prompt_of(document, std::move(question));
  return posted;
}

}  // namespace

Result<PostedMessage> read_posted_message(std::string_view json, std::string question) {
  const Result<wire::Json> document = wire::parse_json(json);
  if (!document) return document.error();
  try {
    return read(*document, std::move(question));
  } catch (const wire::Json::exception& wrong_shape) {
    return Error(Errc::internal, PublicText(), LogText(wrong_shape.what()));
  }
}

std::string chat_body(const PostedMessage& posted, std::string_view reply_json,
                      std::string_view status, LeadCaptured captured) {
  wire::JsonWriter body;
  body.object()
      .field("conversationId", posted.conversation_id)
      .raw_field("userMessage", posted.user_message_json)
      .raw_field("reply", reply_json)
      .field("status", status)
      .field("leadCaptured", captured == LeadCaptured::yes)
      .end();
  return std::move(body).str();
}

}  // namespace chatpad::functions

#include "functions/shared/chat/post_completion.h"

#include "functions/shared/conversation/post_message.h"

namespace chatpad::functions {
namespace {

constexpr int kHistoryMessages = 40;

constexpr pg::Statement kAgent{"chat_agent", "select api.chat_agent($1)"};
}  // namespace

Task<PostedMessage> post_completion(edge::Call call, CompletionRequest* request,
                                    std::optional<std::string> client_message_id) {
  if (request->question.size() > kQuestionCharsMax * 4) {
    wire::refuse_field("messages", "must end with a message of at most 8000 characters");
  }
  pg::Rows agent = co_await call.db().rows(kAgent, pg::Params(request->model));
  VisitorMessage message(VisitorMessage::To::agent, agent.str(0, 0));
  message.conversation_id = request->conversation_id;
  message.content = std::move(request->question);
  message.client_message_id = std::move(client_message_id);
  message.history = request->conversation_id ? kHistoryMessages : 0;
  PostedMessage posted = co_await post_message(call, std::move(message));
  ai::Prompt& prompt = posted.assignment.prompt;
  prompt.client_instructions = std::move(request->instructions);
  prompt.client_sampling = request->sampling;
  prompt.tools_enabled = request->tools_enabled;
  if (!request->conversation_id) prompt.history = std::move(request->history);
  co_return posted;
}

}  // namespace chatpad::functions

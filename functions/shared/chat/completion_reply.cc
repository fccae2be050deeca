#include "functions/shared/chat/completion_reply.h"

#include "functions/shared/conversation/answer_reply.h"
#include "runtime/base/clock.h"
#include "runtime/wire/json.h"
#include "runtime/wire/sse.h"

namespace chatpad::functions {
namespace {

constexpr size_t kCompletionContentMax = 1024 * 1024;

// What all parts of one completion say alike.
struct Name {
  std::string id;
  std::string model;
  std::string conversation_id;
  int64_t created_s = wall_s();
};

// An answer that is complete, from wherever it came.
struct WholeAnswer {
  std::string content;
  std::string citations = "[]";
  std::string finish_reason = "stop";
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
};

Name name_of(const PostedMessage& posted, std::string model) {
  Name name;
  name.id = "chatcmpl-" + posted.assignment.reply_to;
  name.model = std::move(model);
  name.conversation_id = posted.conversation_id;
  return name;
}

void head(wire::JsonWriter& out, const Name& name, std::string_view object) {
  out.object()
      .field("id", name.id)
      .field("object", object)
      .field("created", name.created_s)
      .field("model", name.model)
      .field("conversation_id", name.conversation_id);
}

std::string usage_json(const WholeAnswer& answered) {
  wire::JsonWriter out;
  out.object()
      .field("prompt_tokens", answered.input_tokens)
      .field("completion_tokens", answered.output_tokens)
      .field("total_tokens", answered.input_tokens + answered.output_tokens)
      .end();
  return std::move(out).str();
}

std::string completion(const Name& name, const WholeAnswer& answered) {
  wire::JsonWriter out;
  head(out, name, "chat.completion");
  out.array("choices").object().field("index", 0).object("message");
  out.field("role", "assistant").field("content", answered.content).key("refusal").null();
  out.raw_field("annotations", "[]").raw_field("citations", answered.citations).end();
  out.key("logprobs").null().field("finish_reason", answered.finish_reason).end().end();
  out.raw_field("usage", usage_json(answered)).end();
  return std::move(out).str();
}

// `delta` is a JSON object; an empty finish reason is null.
std::string chunk(const Name& name, std::string_view delta, std::string_view finish_reason) {
  wire::JsonWriter out;
  head(out, name, "chat.completion.chunk");
  out.array("choices").object().field("index", 0).raw_field("delta", delta);
  out.key("logprobs").null().key("finish_reason");
  if (finish_reason.empty()) {
    out.null();
  } else {
    out.value(finish_reason);
  }
  out.end().end().end();
  std::string text;
  wire::append_sse_event(text, "", "", out.view());
  return text;
}

std::string text_chunk(const Name& name, std::string_view content) {
  wire::JsonWriter delta;
  delta.object().field("content", content).end();
  return chunk(name, delta.view(), "");
}

std::string usage_chunk(const Name& name, const WholeAnswer& answered) {
  wire::JsonWriter out;
  head(out, name, "chat.completion.chunk");
  out.raw_field("choices", "[]").raw_field("usage", usage_json(answered)).end();
  std::string text;
  wire::append_sse_event(text, "", "", out.view());
  return text;
}

std::string error_chunk(const Error& error) {
  const ErrorInfo& info = error_info(error.errc);
  wire::JsonWriter out;
  out.object().object("error").field("message", info.hint).field("type", "server_error");
  out.key("param").null().field("code", info.code).end().end();
  std::string text;
  wire::append_sse_event(text, "", "", out.view());
  return text;
}

WholeAnswer answered_by(const ai::Run& run) {
  WholeAnswer answered;
  answered.content = run.text;
  if (!run.cut) answered.citations = run.outcome.citations_json;
  if (run.outcome.length_reached) answered.finish_reason = "length";
  answered.input_tokens = run.outcome.input_tokens;
  answered.output_tokens = run.outcome.output_tokens;
  return answered;
}

// Of a message that was answered before, or that a person will answer.
WholeAnswer answered_before(const PostedMessage& posted) {
  WholeAnswer answered;
  const auto reply = wire::Fields::parse(posted.reply_json);
  if (!reply) return answered;
  answered.content = reply->optional_string("content", kCompletionContentMax).value_or("");
  answered.citations =
      reply->optional_array_text("citations", kCompletionContentMax).value_or("[]");
  return answered;
}

// Nothing was asked of a model: whoever pays shall see that and not a polite sentence.
void raise_when_refused(const ai::Run& run) {
  if (run.error) raise(*run.error);
  if (run.failure && run.failure->errc == Errc::budget_exceeded) raise(*run.failure);
}

std::string tail(const Name& name, const WholeAnswer& answered, UsageChunk usage) {
  wire::JsonWriter last;
  last.object();
  if (answered.citations != "[]") last.raw_field("citations", answered.citations);
  last.end();
  std::string text = chunk(name, last.view(), answered.finish_reason);
  if (usage == UsageChunk::yes) text += usage_chunk(name, answered);
  return text;
}

Task<void> send(edge::Stream* stream, std::string bytes) {
  const bool keeps_up = bytes.empty() || stream->send(bytes);
  if (!keeps_up) {
    co_await stream->drained();
  }
}

Task<void> stream_run(edge::Stream* stream, std::shared_ptr<ai::Run> run, const Name* name) {
  size_t next = 0;
  size_t shown = 0;
  for (;;) {
    std::string bytes;
    while (next < run->events.size()) {
      const ai::Event& event = run->events[next++];
      if (event.type != "token") continue;
      bytes += text_chunk(*name, std::string_view(run->text).substr(shown, event.at.bytes - shown));
      shown = event.at.bytes;
    }
    co_await send(stream, std::move(bytes));
    if (next < run->events.size()) continue;
    if (run->finished) break;
    co_await run->changed.wait();
  }
}

}  // namespace

Task<edge::Reply> whole_completion(edge::Call call, PostedMessage posted, std::string model) {
  const Name name = name_of(posted, std::move(model));
  const std::shared_ptr<ai::Run> run = co_await run_or_reply(call, &posted);
  WholeAnswer answered;
  if (run) {
    const ai::Listening listening(run);
    while (!run->finished) {
      co_await run->changed.wait();
    }
    raise_when_refused(*run);
    answered = answered_by(*run);
  } else {
    answered = answered_before(posted);
  }
  edge::Reply reply = edge::ok(completion(name, answered));
  reply.header("X-Conversation-Id", name.conversation_id);
  co_return reply;
}

Task<edge::Reply> stream_completion(edge::Call call, PostedMessage posted, std::string model,
                                    UsageChunk usage) {
  const Name name = name_of(posted, std::move(model));
  const std::shared_ptr<ai::Run> run = co_await run_or_reply(call, &posted);
  WholeAnswer answered;
  std::optional<ai::Listening> listening;
  if (run) {
    listening.emplace(run);
    // The status is still open until there is something to say.
    while (!run->finished && run->events.empty()) {
      co_await run->changed.wait();
    }
    raise_when_refused(*run);
  }
  edge::Stream stream =
      call.start_stream(kSseContentType, "X-Conversation-Id: " + name.conversation_id + "\r\n");
  std::string first = chunk(name, R"({"role":"assistant","content":""})", "");
  co_await send(&stream, std::move(first));
  if (run) {
    co_await stream_run(&stream, run, &name);
    answered = answered_by(*run);
  } else {
    answered = answered_before(posted);
    std::string content = text_chunk(name, answered.content);
    co_await send(&stream, std::move(content));
  }
  std::string last = run && run->error ? error_chunk(*run->error) : tail(name, answered, usage);
  wire::append_sse_event(last, "", "", "[DONE]");
  co_await send(&stream, std::move(last));
  co_return edge::streamed();
}

}  // namespace chatpad::functions

#include "functions/shared/ai/answers.h"

#include "functions/shared/ai/extractive.h"
#include "functions/shared/ai/scripted.h"
#include "runtime/base/log.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::ai {
namespace {

constexpr pg::Statement kStart{
    "start_answer",
    "select r->>'started', r->>'messageId' from api.start_answer($1, $2, $3, $4) r"};
constexpr pg::Statement kAppend{"append_answer", "select api.append_answer($1, $2, $3, $4)"};
constexpr pg::Statement kFinish{"finish_answer",
                                "select m, m->>'content', m->>'cutOff' from api.finish_answer($1, "
                                "$2, $3, $4, $5, $6, $7, $8) m"};
constexpr pg::Statement kKnowledge{"knowledge_for_agent",
                                   "select chunk_id, source_id, title, url, page, heading, content "
                                   "from api.knowledge_for_agent($1)"};

std::unique_ptr<Provider> provider_for(edge::Context& context) {
  const Config& config = context.config();
  if (config.script_token_ms >= 0) {
    return std::make_unique<ScriptedProvider>(context.loop(), config.script_token_ms,
                                              config.script_tokens);
  }
  return std::make_unique<ExtractiveProvider>();
}

// Cuts at a character's border.
void limit_text(std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  text.resize(bytes_max);
}

// What `length` of the text would be in JavaScript, where clients put the pieces together.
size_t utf16_units(std::string_view text) {
  size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

std::vector<chatpad::knowledge::Passage> passages_of(const pg::Rows& rows) {
  std::vector<chatpad::knowledge::Passage> passages;
  passages.reserve(static_cast<size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    chatpad::knowledge::Passage passage;
    passage.chunk_id = rows.str(i, 0);
    passage.source_id = rows.str(i, 1);
    passage.title = rows.str(i, 2);
    passage.url = rows.str(i, 3);
    if (!rows.is_null(i, 4)) passage.page = static_cast<int>(rows.integer(i, 4));
    passage.heading = rows.str(i, 5);
    passage.content = rows.str(i, 6);
    passages.push_back(std::move(passage));
  }
  return passages;
}

// The service, in the turn of the account whose visitor waits.
pg::Claims claims_of(const Assignment& assignment) {
  pg::Claims claims = pg::service_claims();
  const auto account = Uuid::parse(assignment.account_id);
  if (account) claims.lane = std::hash<Uuid>()(*account);
  return claims;
}

}  // namespace

Answers::Answers(edge::Context& context) : context_(context), provider_(provider_for(context)) {
  context_.listen([this](const edge::DurableEvent& event) { on_event(event); });
}

Answers::~Answers() { scope_.cancel_all(); }

std::shared_ptr<Run> Answers::start(Assignment assignment) {
  if (scope_.size() >= kRunsMax) raise(Errc::overloaded);
  auto run = std::make_shared<Run>(std::move(assignment));
  runs_[run->assignment.reply_to] = run;
  run->task = scope_.spawn(answer(run));
  return run;
}

std::shared_ptr<Run> Answers::find(const std::string& reply_to) const {
  const auto found = runs_.find(reply_to);
  return found == runs_.end() ? nullptr : found->second;
}

Task<void> Answers::answer(std::shared_ptr<Run> run) {
  std::optional<Error> failure;
  try {
    co_await write(run);
  } catch (const Raised& raised) {
    failure = raised.error();
  } catch (const std::exception& escaped) {
    failure = Error(Errc::internal, PublicText(), LogText(escaped.what()));
  }
  if (failure) fail(*run, *failure);
}

Task<void> Answers::write(std::shared_ptr<Run> run) {
  const Assignment& a = run->assignment;
  pg::Params start_params(a.conversation_id, a.epoch, a.reply_to, kLeaseS);
  pg::Claims claims = claims_of(a);
  pg::Rows started =
      co_await context_.service_pool().once(std::move(claims), kStart, std::move(start_params));
  if (started.size() != 1 || started.text(0, 0) != "true") {
    // Somebody took over between the visitor's message and now, or it is being answered elsewhere.
    const bool answered_elsewhere = started.size() == 1 && !started.is_null(0, 1);
    run->status = answered_elsewhere ? "active" : "human_takeover";
    end(*run);
    co_return;
  }
  run->message_id = started.str(0, 1);
  run->persisted_ms = context_.loop().now_ms();

  Outcome outcome;
  std::optional<Error> failure;
  try {
    Prompt prompt = a.prompt;
    prompt.knowledge = co_await knowledge_of(run);
    const std::unique_ptr<Answer> answer = provider_->start(std::move(prompt));
    for (;;) {
      std::optional<std::string> piece = co_await answer->next();
      if (!piece) break;
      const bool going_on = co_await say(run, std::move(*piece));
      if (!going_on) break;
    }
    outcome = answer->outcome();
  } catch (const Raised& raised) {
    failure = raised.error();
  }
  if (failure) {
    announce_failure(*run, *failure);
    // What was said stands; only an empty answer is replaced.
    if (run->text.empty()) {
      const bool said = co_await say(run, a.prompt.fallback_message);
      if (!said) run->cut = true;
    }
  }
  co_await finish(run, std::move(outcome));
}

Task<std::shared_ptr<const chatpad::knowledge::Index>> Answers::knowledge_of(
    std::shared_ptr<Run> run) {
  const Assignment& a = run->assignment;
  std::shared_ptr<const chatpad::knowledge::Index> index =
      cache_.get(a.agent_id, a.knowledge_version);
  if (index) co_return index;
  pg::Claims claims = claims_of(a);
  pg::Rows rows =
      co_await context_.service_pool().once(std::move(claims), kKnowledge, pg::Params(a.agent_id));
  const std::vector<chatpad::knowledge::Passage> passages = passages_of(rows);
  index = std::make_shared<const chatpad::knowledge::Index>(passages);
  cache_.put(a.agent_id, a.knowledge_version, index);
  co_return index;
}

// False: stop, the conversation is no longer the assistant's or the answer is long enough.
Task<bool> Answers::say(std::shared_ptr<Run> run, std::string piece) {
  const Assignment& a = run->assignment;
  const bool full = run->text.size() + piece.size() > kAnswerBytesMax;
  if (full) limit_text(piece, kAnswerBytesMax - run->text.size());
  run->text += piece;

  wire::JsonWriter token;
  token.object().field("type", "token").field("content", piece).field("messageId", run->message_id);
  token.end();
  run->events.push_back({"token", std::move(token).str()});
  wire::JsonWriter delta;
  delta.object()
      .field("message_id", run->message_id)
      .field("text", piece)
      .field("offset", static_cast<int64_t>(run->text_units))
      .end();
  run->text_units += utf16_units(piece);
  context_.publisher().publish("conversation:" + a.conversation_id, "answer.delta", delta.view());
  run->changed.notify();

  const uint64_t now = context_.loop().now_ms();
  if (full || now - run->persisted_ms < kPersistMs) co_return !full;
  run->persisted_ms = now;
  pg::Params params(run->message_id, a.epoch, run->text, kLeaseS);
  pg::Claims claims = claims_of(a);
  pg::Rows rows =
      co_await context_.service_pool().once(std::move(claims), kAppend, std::move(params));
  run->cut = rows.size() != 1 || !rows.boolean(0, 0);
  co_return !run->cut;
}

Task<void> Answers::finish(std::shared_ptr<Run> run, Outcome outcome) {
  const Assignment& a = run->assignment;
  std::string metadata = outcome.from_knowledge ? R"({"fromKnowledge":true})" : "{}";
  pg::Params params(run->message_id, a.epoch, run->text, outcome.citations_json, outcome.model,
                    outcome.input_tokens, outcome.output_tokens, metadata);
  pg::Claims claims = claims_of(a);
  pg::Rows rows =
      co_await context_.service_pool().once(std::move(claims), kFinish, std::move(params));
  if (rows.size() != 1 || rows.is_null(0, 0)) raise(Errc::not_found);
  run->reply_json = rows.str(0, 0);
  run->cut = rows.text(0, 2) == "true";
  if (run->cut) {
    run->status = "human_takeover";
  } else if (outcome.citations_json != "[]") {
    run->events.push_back(
        {"citation", R"({"type":"citation","citations":)" + outcome.citations_json + "}"});
  }
  wire::JsonWriter usage;
  usage.object()
      .field("input_tokens", outcome.input_tokens)
      .field("output_tokens", outcome.output_tokens)
      .end();
  wire::JsonWriter done;
  done.object()
      .field("type", "done")
      .field("conversationId", a.conversation_id)
      .raw_field("userMessage", a.user_message_json)
      .raw_field("reply", run->reply_json)
      .field("status", run->status)
      .field("cutOff", run->cut)
      .raw_field("usage", usage.view())
      .end();
  run->events.push_back({"done", std::move(done).str()});
  end(*run);
}

// The provider's answer is already destroyed; the row was closed by the takeover itself.
Task<void> Answers::finish_cut(std::shared_ptr<Run> run) {
  std::optional<Error> failure;
  try {
    co_await finish(run, Outcome());
  } catch (const Raised& raised) {
    failure = raised.error();
  }
  if (failure) fail(*run, *failure);
}

void Answers::on_event(const edge::DurableEvent& event) {
  if (event.event != "takeover.started") return;
  for (auto& [reply_to, run] : runs_) {
    if (run->finished || run->cut || run->message_id.empty()) continue;
    if (event.topic != "conversation:" + run->assignment.conversation_id) continue;
    run->cut = true;
    scope_.cancel(run->task);
    run->task = scope_.spawn(finish_cut(run));
  }
}

void Answers::end(Run& run) {
  if (run.finished) return;
  run.finished = true;
  if (run.events.empty() ||
      (run.events.back().type != "done" && run.events.back().type != "error")) {
    wire::JsonWriter done;
    done.object()
        .field("type", "done")
        .field("conversationId", run.assignment.conversation_id)
        .raw_field("userMessage", run.assignment.user_message_json)
        .raw_field("reply", run.reply_json)
        .field("status", run.status)
        .field("cutOff", run.cut)
        .raw_field("usage", R"({"input_tokens":0,"output_tokens":0})")
        .end();
    run.events.push_back({"done", std::move(done).str()});
  }
  run.changed.notify();
  if (sweep_.running()) return;
  sweep_.start(context_.loop(), kKeepFinishedMs, [this] {
    std::erase_if(runs_, [](const auto& entry) { return entry.second->finished; });
  });
}

void Answers::fail(Run& run, const Error& error) {
  announce_failure(run, error);
  run.error = error;
  const ErrorInfo& info = error_info(error.errc);
  wire::JsonWriter event;
  event.object().field("type", "error").field("code", info.code).field("message", info.hint).end();
  run.events.push_back({"error", std::move(event).str()});
  end(run);
}

void Answers::announce_failure(const Run& run, const Error& error) {
  const ErrorInfo& info = error_info(error.errc);
  log::Line(LogLevel::warn, "answer_failed")
      .field("code", info.code)
      .field("cause", error.cause.value);
  wire::JsonWriter event;
  event.object()
      .field("conversationId", run.assignment.conversation_id)
      .field("messageId", run.message_id)
      .field("code", info.code)
      .end();
  context_.publisher().publish("account:" + run.assignment.account_id, "answer.failed",
                               event.view());
}

}  // namespace chatpad::functions::ai

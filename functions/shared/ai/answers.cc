#include "functions/shared/ai/answers.h"

#include "functions/shared/ai/answer_row.h"
#include "functions/shared/ai/model_provider.h"
#include "functions/shared/ai/scripted.h"
#include "functions/shared/ai/searched.h"
#include "functions/shared/hours/live_hours.h"
#include "runtime/base/log.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::ai {
namespace {

constexpr pg::Statement kStart{
    "start_answer",
    "select r->>'started', r->>'messageId', r->>'status' from api.start_answer($1, $2, $3, $4) r"};
constexpr pg::Statement kFinish{"finish_answer",
                                "select r->'message', r->'message'->>'cutOff', r->>'status' "
                                "from api.finish_answer($1, $2, $3::jsonb) r"};
bool scripted(const edge::Context& context) { return context.config().script_token_ms >= 0; }

std::unique_ptr<Provider> provider_for(edge::Context& context) {
  const Config& config = context.config();
  if (scripted(context)) {
    return std::make_unique<ScriptedProvider>(context.loop(), config.script_token_ms,
                                              config.script_tokens);
  }
  return std::make_unique<ModelProvider>(context);
}

// Cuts at a character's border.
void limit_text(std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  text.resize(bytes_max);
}

leads::Heard heard_by(const Assignment& assignment) {
  leads::Heard heard;
  heard.message_id = assignment.reply_to;
  heard.at = assignment.asked_at;
  heard.text = assignment.prompt.question;
  heard.messages = assignment.visitor_messages;
  return heard;
}

// By the visitor, in this conversation.
std::string said_before(const Prompt& prompt) {
  std::string words;
  for (const Turn& turn : prompt.history) {
    if (turn.role == "visitor") words += turn.content + "\n";
  }
  return words;
}

// The service, in the turn of the account whose visitor waits.
pg::Claims claims_of(const Assignment& assignment) {
  pg::Claims claims = pg::service_claims();
  const auto account = Uuid::parse(assignment.account_id);
  if (account) claims.lane = std::hash<Uuid>()(*account);
  return claims;
}

bool asks_a_model(const Prompt& prompt, const AiSettings& settings) {
  for (const ChainEntry& entry : chain_of(prompt.settings, settings)) {
    if (entry.provider != "builtin") return true;
  }
  return false;
}

bool tells_of_archive(const edge::DurableEvent& event) {
  const auto payload = wire::Fields::parse(event.payload_json);
  const auto conversation = payload ? payload->optional_object("conversation") : std::nullopt;
  return conversation && conversation->optional_string("status", 40) == "archived";
}

}  // namespace

Answers::Answers(edge::Context& context)
    : context_(context),
      provider_(provider_for(context)),
      library_(context.local<Library>()),
      drafts_(context, [this](const std::shared_ptr<Run>& run) { give_up(run); }) {
  context_.listen([this](const edge::DurableEvent& event) { on_event(event); });
}

Answers::~Answers() {
  for (auto& [reply_to, run] : runs_) {
    run->owner = nullptr;
    run->alone.stop();
  }
  scope_.cancel_all();
  for (auto& [reply_to, run] : runs_) run->answer.reset();
}

void Answers::require_room() const {
  if (scope_.size() >= kRunsMax) raise(Errc::overloaded);
}

std::shared_ptr<Run> Answers::start(Assignment assignment) {
  auto run = std::make_shared<Run>(std::move(assignment));
  run->owner = this;
  run->room = "conversation:" + run->assignment.conversation_id;
  run->started_ms = context_.loop().now_ms();
  std::shared_ptr<Run>& slot = runs_[run->assignment.reply_to];
  if (slot) slot->owner = nullptr;
  slot = run;
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
  const bool taken = co_await take_row(run);
  if (!taken) co_return;
  try {
    co_await listen_to_provider(run);
  } catch (const Raised& raised) {
    run->failure = raised.error();
  }
  if (run->answer) run->outcome = run->answer->outcome();
  run->answer.reset();
  note_step(*run, run->failure ? "failed" : "answered");
  if (run->failure) {
    announce_failure(*run, *run->failure);
    if (run->guard) say_safely(run, std::nullopt);
    // What was said stands; only an empty answer is replaced.
    if (run->text.empty()) {
      say(run, a.prompt.fallback_message);
    } else {
      run->cut = true;
    }
  }
  co_await finish(run);
}

// False: the answer is not ours to give, and the run has ended.
Task<bool> Answers::take_row(std::shared_ptr<Run> run) {
  const Assignment& a = run->assignment;
  if (!a.message_id.empty()) {
    own_row(run, a.message_id);
    co_return true;
  }
  pg::Params start_params(a.conversation_id, a.epoch, a.reply_to, kLeaseS);
  pg::Claims claims = claims_of(a);
  pg::Rows started =
      co_await context_.service_pool().once(std::move(claims), kStart, std::move(start_params));
  if (started.size() == 1 && started.text(0, 0) == "true") {
    own_row(run, started.str(0, 1));
    co_return true;
  }
  // Somebody took over between the visitor's message and now, or archived the conversation, or it
  // is being answered elsewhere.
  if (started.size() == 1 && !started.is_null(0, 2)) run->status = started.str(0, 2);
  end(*run);
  co_return false;
}

void Answers::own_row(const std::shared_ptr<Run>& run, std::string message_id) {
  run->message_id = std::move(message_id);
  drafts_.watch(run);
  note_step(*run, "started");
}

Task<void> Answers::listen_to_provider(std::shared_ptr<Run> run) {
  Prompt prompt = run->assignment.prompt;
  // Outside its hours an agent that has something to say then says that and asks nobody.
  const std::string offline = context_.local<LiveHours>().offline_message(run->assignment.schedule);
  if (!offline.empty()) {
    note_step(*run, "outsideHours");
    look_at_question(*run, prompt);
    say(run, offline);
    co_return;
  }
  const uint64_t lane = claims_of(run->assignment).lane;
  prompt.knowledge =
      co_await library_.open(run->assignment.agent_id, run->assignment.knowledge_version, lane);
  note_step(*run, "knowledge");
  const bool admitted = admit(run, prompt);
  if (!admitted) co_return;
  require_budget(run->assignment);
  // Only now: what the safety rules take out of a question goes to no service.
  prompt.meaning = co_await library_.meaning(prompt.key_owner(), prompt.knowledge, prompt.question);
  if (!scripted(context_)) prompt.found = co_await search_for(context_, prompt);
  run->answer = provider_->start(std::move(prompt));
  for (;;) {
    std::optional<std::string> piece = co_await run->answer->next();
    const bool last = !piece;
    if (!last && run->first_piece_ms == 0) {
      run->first_piece_ms = context_.loop().now_ms();
      note_step(*run, "firstToken");
    }
    const bool going_on = say_safely(run, std::move(piece));
    if (last || !going_on) break;
  }
  std::string question = run->guard->stopped() ? "" : run->leads->question();
  if (!question.empty() && !run->text.empty()) say(run, std::move(question));
}

void Answers::require_budget(const Assignment& assignment) {
  if (assignment.over_budget.empty()) return;
  if (!asks_a_model(assignment.prompt, context_.config().ai)) return;
  Error used_up(Errc::budget_exceeded);
  used_up.details = assignment.over_budget;
  raise(std::move(used_up));
}

// What is asked is looked at before anybody answers, and outside hours too.
safety::Decision Answers::look_at_question(Run& run, Prompt& prompt) {
  run.guard = guard_of(context_, run.assignment.safety, run.assignment.origins, prompt);
  const safety::Decision decision = run.guard->admit(prompt);
  tell_safety(run);
  return decision;
}

// False: it is not to be answered.
bool Answers::admit(const std::shared_ptr<Run>& run, Prompt& prompt) {
  const Assignment& a = run->assignment;
  const safety::Decision decision = look_at_question(*run, prompt);
  leads::Heard heard = heard_by(a);
  heard.text = run->guard->lead_text(heard.text);
  run->leads =
      std::make_shared<LeadWatch>(a.lead_settings, a.lead_state, a.has_lead, std::move(heard));
  if (!decision.message.empty()) {
    say(run, decision.refused ? decision.message : decision.message + "\n\n");
  }
  prompt.screen_passage = [guard = run->guard](const chatpad::knowledge::Passage& passage,
                                               std::string_view text) {
    return guard->document(passage, text);
  };
  prompt.screen_words = [guard = run->guard](const std::string& words) {
    return guard->apart(words);
  };
  prompt.call_person = [guard = run->guard] { guard->call_person(); };
  prompt.capture_lead = [leads = run->leads,
                         earlier = said_before(prompt)](const leads::Entities& claimed) {
    return leads->capture(claimed, earlier);
  };
  // The run owns the answer that calls it.
  prompt.on_tool = [run = run.get()](std::string type, std::string data) {
    run->push(std::move(type), std::move(data));
    run->changed.notify();
  };
  prompt.for_log = [guard = run->guard](const std::string& words) {
    return guard->log_text(words);
  };
  return !decision.refused;
}

void Answers::tell_safety(Run& run) {
  for (std::string& event : run.guard->events(run.message_id)) {
    run.push("safety", std::move(event));
    run.changed.notify();
  }
}

// What the guard lets through of a piece; without one, of the end.
bool Answers::say_safely(const std::shared_ptr<Run>& run, std::optional<std::string> piece) {
  std::string shown = piece ? run->guard->feed(*piece) : run->guard->finish();
  const bool stopped = piece && run->guard->stopped();
  if (stopped) shown += run->guard->finish();
  tell_safety(*run);
  if (shown.empty()) return !stopped;
  const bool going_on = say(run, std::move(shown));
  return going_on && !stopped;
}

// False: the answer is long enough.
bool Answers::say(const std::shared_ptr<Run>& run, std::string piece) {
  const bool full = run->text.size() + piece.size() > kAnswerBytesMax;
  if (full) limit_text(piece, kAnswerBytesMax - run->text.size());
  const auto offset = static_cast<int64_t>(run->text_units);
  run->push_token(piece);
  run->changed.notify();
  if (context_.publisher().may_hear(run->room)) {
    wire::JsonWriter delta;
    delta.object()
        .field("message_id", run->message_id)
        .field("text", piece)
        .field("offset", offset)
        .end();
    context_.publisher().publish(run->room, "answer.delta", delta.view());
  }
  drafts_.grown(run);
  return !full;
}

Task<void> Answers::finish(std::shared_ptr<Run> run) {
  const Assignment& a = run->assignment;
  run->ending = true;
  std::string answer_json = answer_row(*run, context_.loop().now_ms());
  pg::Params params(run->message_id, a.epoch, answer_json);
  pg::Claims claims = claims_of(a);
  pg::Rows rows =
      co_await context_.service_pool().once(std::move(claims), kFinish, std::move(params));
  if (rows.size() != 1 || rows.is_null(0, 0)) raise(Errc::not_found);
  count_answer(run->outcome);
  co_await note_what_was_seen(run);
  run->reply_json = rows.str(0, 0);
  run->cut = rows.text(0, 1) == "true";
  if (run->cut) {
    if (!rows.is_null(0, 2)) run->status = rows.str(0, 2);
  } else if (run->outcome.citations_json != "[]") {
    run->push("citation", R"({"type":"citation","citations":)" + run->outcome.citations_json + "}");
  }
  run->push_done();
  end(*run);
}

// The answer is complete and stored: what cannot be noted about it does not undo that.
Task<void> Answers::note_what_was_seen(std::shared_ptr<Run> run) {
  const Assignment& a = run->assignment;
  const auto not_noted = [&a](std::string_view what, const Error& error) {
    log::Line(LogLevel::error, "answer_not_noted")
        .field("what", what)
        .field("message", a.reply_to)
        .field("cause", error.cause.value);
  };
  try {
    if (run->guard && run->guard->noteworthy()) {
      pg::Claims claims = claims_of(a);
      Answered answered(a.conversation_id, a.reply_to, run->message_id);
      co_await note_safety(context_, std::move(claims), std::move(answered), run->guard);
    }
  } catch (const Raised& raised) {
    not_noted("safety", raised.error());
  }
  run->lead_captured = a.has_lead;
  try {
    if (run->leads) {
      pg::Claims claims = claims_of(a);
      const bool captured =
          co_await note_lead(context_, std::move(claims), a.conversation_id, run->leads);
      run->lead_captured = captured;
    }
  } catch (const Raised& raised) {
    not_noted("lead", raised.error());
  }
}

// The provider's answer is already destroyed; after a takeover the row was closed by it.
Task<void> Answers::finish_given_up(std::shared_ptr<Run> run) {
  std::optional<Error> failure;
  try {
    co_await finish(run);
  } catch (const Raised& raised) {
    failure = raised.error();
  }
  if (failure) fail(*run, *failure);
}

void Answers::note_step(Run& run, std::string_view name) {
  run.steps.emplace_back(name, context_.loop().now_ms() - run.started_ms);
}

void Answers::give_up(const std::shared_ptr<Run>& run) {
  run->cut = true;
  if (run->answer) run->outcome = run->answer->outcome();
  run->outcome.citations_json = "[]";
  note_step(*run, "givenUp");
  scope_.cancel(run->task);
  run->answer.reset();
  run->task = scope_.spawn(finish_given_up(run));
}

void Answers::left_alone(const std::shared_ptr<Run>& run) {
  if (run->finished || run->ending || run->cut) return;
  // From the next turn at the earliest: whoever leaves may be on the stack of what would end.
  const uint64_t wait_ms = run->assignment.can_return ? kAloneMs : kAloneMsLeast;
  run->alone.start(context_.loop(), wait_ms, [this, weak = std::weak_ptr<Run>(run)] {
    const std::shared_ptr<Run> left = weak.lock();
    if (!left || left->finished || left->ending || left->cut) return;
    if (left->message_id.empty()) {
      left_alone(left);  // its row is being taken right now
    } else {
      give_up(left);
    }
  });
}

void Answers::on_event(const edge::DurableEvent& event) {
  const bool taken_over = event.event == "takeover.started";
  if (!taken_over && event.event != "conversation.updated") return;
  std::vector<std::shared_ptr<Run>> ended;
  for (const auto& [reply_to, run] : runs_) {
    if (run->finished || run->cut || run->message_id.empty()) continue;
    if (event.topic == run->room) ended.push_back(run);
  }
  if (ended.empty() || (!taken_over && !tells_of_archive(event))) return;
  for (const std::shared_ptr<Run>& run : ended) give_up(run);
}

void Answers::end(Run& run) {
  if (run.finished) return;
  run.finished = true;
  run.alone.stop();
  if (run.events.empty() ||
      (run.events.back().type != "done" && run.events.back().type != "error")) {
    run.push_done();
  }
  run.changed.notify();
  if (sweep_.running()) return;
  sweep_.start(context_.loop(), kKeepFinishedMs, [this] {
    std::erase_if(runs_, [](const auto& entry) {
      if (!entry.second->finished) return false;
      entry.second->owner = nullptr;
      return true;
    });
  });
}

void Answers::fail(Run& run, const Error& error) {
  announce_failure(run, error);
  run.error = error;
  const ErrorInfo& info = error_info(error.errc);
  wire::JsonWriter event;
  event.object().field("type", "error").field("code", info.code).field("message", info.hint).end();
  run.push("error", std::move(event).str());
  end(run);
}

void Answers::announce_failure(const Run& run, const Error& error) {
  const ErrorInfo& info = error_info(error.errc);
  log::Line(LogLevel::warn, "answer_failed")
      .field("code", info.code)
      .field("cause", run.guard ? run.guard->log_text(error.cause.value) : error.cause.value);
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

#include "functions/shared/ingest/ingest.h"

#include <nlohmann/json.hpp>

#include "functions/shared/fetch/fetch_options.h"
#include "functions/shared/ingest/cron.h"
#include "functions/shared/ingest/failures.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/wire/json.h"

namespace chatpad::ingest {
namespace {

using wire::Json;

constexpr size_t kBatchBytes = 96 * 1024;

constexpr pg::Statement kSource{
    "ingest_source",
    "select type, title, url, file_name, media_type, settings, parts from api.ingest_source($1)"};
constexpr pg::Statement kPart{"ingest_file_part",
                              "select encode(api.ingest_file_part($1, $2), 'hex')"};
constexpr pg::Statement kStage{"ingest_stage", "select api.ingest_stage($1, $2, $3, $4, $5, $6)"};
constexpr pg::Statement kFinishFile{
    "ingest_finish_file", "select api.ingest_finish_file($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr pg::Statement kDue{"due_syncs", "select id, schedule from api.due_syncs()"};
constexpr pg::Statement kStartDue{"start_due_sync",
                                  "select api.start_due_sync($1, to_timestamp($2::bigint))"};

// The swap of many passages takes longer than a request may.
constexpr uint32_t kSwapMs = 60'000;

std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes(hex.size() / 2, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  }
  return bytes;
}

// Where a file job stands, as it is kept in the job's state.
struct FileState {
  std::string from;
  int64_t count = 0;

  static FileState read(std::string_view json) {
    FileState state;
    const auto parsed = wire::parse_json(json);
    if (!parsed || !parsed.value().contains("from")) return state;
    state.from = wire::dump(parsed.value()["from"]);
    state.count = parsed.value().value("count", int64_t{0});
    return state;
  }
  std::string text() const {
    wire::JsonWriter w;
    w.object().raw_field("from", from).field("count", count).end();
    return std::move(w).str();
  }
};

void show_progress(jobs::Job& job, const Collected& collected, const Event& event) {
  if (!event.page || !collected.document.pages) return;
  job.progress(*event.page, collected.document.pages,
               "Reading page " + std::to_string(*event.page) + " of " +
                   std::to_string(*collected.document.pages));
}

}  // namespace

Ingest::Ingest(edge::Context& context)
    : context_(context),
      pool_(context.service_pool()),
      client_(context.loop(), functions::fetch_options(context.config())) {}

void Ingest::attach(jobs::JobRunner& runner) {
  runner.handle("knowledge.file", [this](jobs::Job& job) { return file(job); });
  runner.handle("knowledge.site", [this](jobs::Job& job) { return site(job); });
  runner.on_progress([this](const jobs::Job& job) {
    wire::JsonWriter w;
    w.object().object("job").field("id", job.facts().id).field("kind", job.facts().kind);
    w.field("subjectId", job.facts().subject).object("progress").field("done", job.done());
    w.field("total", job.total()).field("note", job.note()).end().end().end();
    context_.publisher().publish("account:" + job.facts().account.str(), "knowledge.progress",
                                 w.view());
  });
}

Task<std::optional<SourceFacts>> Ingest::source_of(Uuid id) {
  pg::Rows rows = co_await pool_.once(pg::service_claims(), kSource, pg::Params(id));
  if (rows.empty()) co_return std::nullopt;
  SourceFacts facts;
  facts.type = rows.str(0, 0);
  facts.title = rows.str(0, 1);
  facts.url = rows.str(0, 2);
  facts.file_name = rows.str(0, 3);
  facts.media_type = rows.str(0, 4);
  facts.settings = rows.str(0, 5);
  facts.parts = rows.integer(0, 6);
  co_return facts;
}

Task<void> Ingest::file(jobs::Job& job) {
  const Uuid source = job.facts().subject;
  const std::optional<SourceFacts> facts = co_await source_of(source);
  if (!facts) co_return;
  FileState state = FileState::read(job.facts().state);
  Collected collected;
  for (;;) {
    std::vector<std::string> arguments = {"--name", facts->file_name, "--type", facts->media_type};
    if (!state.from.empty()) arguments.insert(arguments.end(), {"--from", state.from});
    Child child(context_.loop(), std::move(arguments));
    co_await feed_file(child, source, facts->parts);
    collected = co_await collect(job, child, "", state.count);
    if (collected.next.empty()) break;
    state.from = collected.next;
    state.count = collected.count;
    co_await job.save(state.text());
  }
  if (collected.count == 0) fail_with("no_text");
  job.progress(job.done(), job.total(), "Indexing");
  pg::Params params = under(job, source, collected.count, collected.document.title,
                            collected.document.type, collected.document.pages);
  co_await pool_.once(pg::service_claims(), kFinishFile, std::move(params), kSwapMs);
  const std::optional<int64_t> pages = collected.document.pages;
  job.progress(pages.value_or(1), pages.value_or(1),
               std::to_string(collected.count) + (collected.count == 1 ? " passage" : " passages"));
  co_await job.save("{}");  // the last word is kept
}

Task<void> Ingest::feed_file(Child& child, Uuid source, int64_t parts) {
  for (int64_t part = 0; part < parts; ++part) {
    pg::Params params(source, part);
    pg::Rows rows = co_await pool_.once(pg::service_claims(), kPart, std::move(params));
    std::string bytes = from_hex(rows.text(0, 0));
    co_await child.write(std::move(bytes));
  }
  child.end_input();
}

// Reads what the child says to its end; its passages are staged as they come.
Task<Collected> Ingest::collect(jobs::Job& job, Child& child, std::string document, int64_t first) {
  Collected collected;
  collected.count = first;
  std::string batch;
  int64_t batch_first = first;
  for (;;) {
    const Event event = co_await next_event(child);
    if (event.kind == Event::Kind::failure) fail_with(event.code);
    if (event.kind == Event::Kind::document) collected.document = event.document;
    if (event.kind == Event::Kind::passage) {
      if (collected.count >= kPassagesMax) fail_with("too_large");
      batch += (batch.empty() ? "[" : ",") + event.json;
      ++collected.count;
      show_progress(job, collected, event);
    }
    const bool is_end = event.kind == Event::Kind::end;
    if (!batch.empty() && (is_end || batch.size() >= kBatchBytes)) {
      batch += ']';
      pg::Params params = under(job, document, batch_first, batch);
      co_await pool_.once(pg::service_claims(), kStage, std::move(params));
      batch.clear();
      batch_first = collected.count;
    }
    if (!is_end) continue;
    collected.next = event.json;
    co_return collected;
  }
}

Task<void> Ingest::start_due() {
  pg::Rows rows = co_await pool_.once(pg::service_claims(), kDue, pg::Params());
  for (int row = 0; row < rows.size(); ++row) {
    const auto schedule = Cron::parse(rows.text(row, 1));
    const auto next = schedule ? schedule->next(wall_s()) : std::nullopt;
    pg::Params params(rows.str(row, 0), next);
    pg::Rows started = co_await pool_.once(pg::service_claims(), kStartDue, std::move(params));
    if (!started.boolean(0, 0)) {
      log::Line(LogLevel::info, "sync_not_started").field("source", rows.text(row, 0));
    }
  }
}

}  // namespace chatpad::ingest

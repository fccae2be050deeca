// A persona's round: what concerns it, what PostgreSQL says to open conditions and to rights.
#include <uv.h>

#include <algorithm>

#include "realtime/changes/changes.h"
#include "runtime/base/log.h"

namespace chatpad::realtime {
namespace {

bool is_transient(Errc errc) {
  return errc == Errc::database_unavailable || errc == Errc::overloaded || errc == Errc::draining;
}

// The table is not what its statements were made for.
bool is_outdated(const Error& error) {
  return error.cause.value.starts_with("42P01") || error.cause.value.starts_with("42703");
}

}  // namespace

void Changes::ready(Persona& persona) {
  enqueue(persona);
  start_rounds_soon();
}

// Rounds of a persona begin kRoundPaceMs apart: what comes meanwhile costs no check of its own, and
// personas whose rounds ended one after the other ask together again.
void Changes::enqueue(Persona& persona) {
  if (persona.queued || persona.running || persona.pending.empty()) return;
  persona.queued = true;
  if (loop_.now_ms() >= persona.round_began_ms + kRoundPaceMs) {
    queue_.push_back(persona.shared_from_this());
    return;
  }
  paced_.push_back(persona.shared_from_this());
  if (!pace_timer_.running()) pace_timer_.start(loop_, kRoundPaceMs, [this] { end_pause(); });
}

void Changes::end_pause() {
  const uint64_t now = loop_.now_ms();
  std::erase_if(paced_, [this, now](const std::shared_ptr<Persona>& persona) {
    const bool due = now >= persona->round_began_ms + kRoundPaceMs;
    if (due) queue_.push_back(persona);
    return due;
  });
  if (!paced_.empty()) pace_timer_.start(loop_, 1, [this] { end_pause(); });
  start_rounds();
}

// Once for all that become ready in one turn.
void Changes::start_rounds_soon() {
  if (start_due_) return;
  start_due_ = true;
  loop_.defer([this] {
    start_due_ = false;
    start_rounds();
  });
}

void Changes::start_rounds() {
  while (running_ < kChecksMax && !queue_.empty()) {
    Members members = next_members();
    if (members.empty()) continue;
    for (const Member& member : members) {
      member.persona->running = true;
      member.persona->round_began_ms = loop_.now_ms();
    }
    ++running_;
    if (members.front().persona->alone) {
      scope_.spawn(run(members.front().persona));
    } else {
      scope_.spawn(run_together(std::make_shared<Members>(std::move(members))));
    }
  }
}

void Changes::end_round(Persona& persona) {
  persona.running = false;
  if (persona.pending.empty()) return;
  // Not from here: rounds that find nothing to ask would nest.
  loop_.defer([this, again = persona.shared_from_this()] { ready(*again); });
}

// One round. Asking holds one of kChecksMax places; handing over, which may wait for a socket, does
// not.
Task<void> Changes::run(std::shared_ptr<Persona> persona) {
  Round round;
  collect(*persona, round);
  Ended ended = Ended::checked;
  if (!round.picks.empty()) {
    const uint64_t began_ns = uv_hrtime();
    const Ended asked = co_await check(persona, &round);
    ended = asked;
    const uint64_t check_us = (uv_hrtime() - began_ns) / 1000;
    stats_.check_us += check_us;
    persona->check_us += check_us;
    ++persona->checks;
    persona->alone = slow_or_odd(round, check_us / 1000);
  } else {
    persona->alone = false;
  }
  --running_;
  start_rounds_soon();
  if (ended == Ended::checked) {
    persona->retries = 0;
    co_await deliver(persona, &round);
  } else if (ended == Ended::again && ++persona->retries <= kRetriesMax) {
    co_await sleep_for(loop_, kRetryMs);
  } else {
    lose(*persona, ended == Ended::again ? Code::gap : Code::changes_rights);
  }
  end_round(*persona);
}

bool Changes::slow_or_odd(const Round& round, uint64_t check_ms) {
  if (check_ms > kSlowCheckMs) return true;
  return std::any_of(round.checks.begin(), round.checks.end(), [](const TableCheck& check) {
    return check.problem == Problem::unauthorized;
  });
}

void Changes::collect(Persona& persona, Round& round) {
  size_t judged = 0;
  const size_t each = std::max<size_t>(persona.watches.size(), 1);
  round.end = persona.at;
  for (const LocalBatchRef& local : persona.pending) {
    const auto size = static_cast<uint32_t>(local->batch->changes().size());
    uint32_t change = local->number == persona.at.batch ? persona.at.change : 0;
    for (; change < size; ++change) {
      if (round.picks.size() >= kRoundRowsMax || judged > kJudgementsMax) {
        round.end = Cursor{local->number, change};
        return;
      }
      judged += each;
      look_at(persona, local, change, round);
    }
    round.end = Cursor{local->number + 1, 0};
  }
}

void Changes::look_at(Persona& persona, const LocalBatchRef& local, uint32_t change, Round& round) {
  const ChangeBatch& batch = *local->batch;
  const Change& what = batch.changes()[change];
  ++stats_.rows_seen;
  Pick pick;
  for (const auto& [echo, watch] : persona.watches) {
    const Answer answer = watch->judge(batch, what);
    if (answer != Answer::no) pick.matches.push_back(Match{watch, answer});
  }
  if (pick.matches.empty()) return;
  pick.batch = local;
  pick.change = change;
  auto& checks = round.checks;
  const auto same = std::find_if(checks.begin(), checks.end(), [&what](const TableCheck& check) {
    return check.from == what.table;
  });
  pick.verdict = static_cast<size_t>(same - checks.begin());
  if (same == checks.end()) checks.emplace_back().from = what.table;
  round.picks.push_back(std::move(pick));
}

Task<Changes::Ended> Changes::check(std::shared_ptr<Persona> persona, Round* round) {
  try {
    co_await settle_asks(persona, round);
    for (size_t which = 0; which < round->checks.size(); ++which) {
      co_await check_table(persona, round, which);
    }
  } catch (const Raised& raised) {
    ++stats_.check_failures;
    log::Line(LogLevel::warn, "changes_check_failed")
        .field("code", error_info(raised.error().errc).code)
        .field("role", pg::role_name(persona->claims.role))
        .field("cause", raised.error().cause.value);
    co_return is_transient(raised.error().errc) ? Ended::again : Ended::lost;
  }
  co_return Ended::checked;
}

// One statement per open condition of a watch. A failure concerns the watch's channels alone.
Task<void> Changes::settle_asks(std::shared_ptr<Persona> persona, Round* round) {
  std::vector<WatchRef> open;
  for (const Pick& pick : round->picks) {
    for (const Match& match : pick.matches) {
      if (match.answer != Answer::ask) continue;
      if (std::find(open.begin(), open.end(), match.watch) == open.end()) {
        open.push_back(match.watch);
      }
    }
  }
  for (const WatchRef& watch : open) {
    for (size_t which = 0; which < watch->spec.conditions.size(); ++which) {
      const Condition condition = watch->spec.conditions[which];
      std::vector<Match*> asked;
      std::vector<std::string> values;
      TypeRef type;
      for (Pick& pick : round->picks) {
        const ChangeBatch& batch = *pick.batch->batch;
        const Change& change = batch.changes()[pick.change];
        watch->look_up(change.table);
        const int place = watch->condition_places[which];
        for (Match& match : pick.matches) {
          if (match.watch != watch || match.answer != Answer::ask || place < 0) continue;
          const TypeRef& column = change.table->columns[static_cast<size_t>(place)].type;
          const uint32_t row = change.type == ChangeType::remove ? change.old_row : change.new_row;
          const auto value = batch.value(row, place);
          if (!value || matches(condition, *column, value) != Answer::ask) continue;
          type = column;
          asked.push_back(&match);
          values.emplace_back(*value);
        }
      }
      if (asked.empty()) continue;
      bool failed = false;
      try {
        const std::vector<bool> holds = co_await ask_condition(
            pool_of(persona->claims), persona->claims, condition, type, values);
        for (size_t i = 0; i < asked.size(); ++i) {
          if (!settle(condition, holds[i])) asked[i]->answer = Answer::no;
        }
      } catch (const Raised& raised) {
        if (is_transient(raised.error().errc)) throw;
        failed = true;
      }
      if (!failed) continue;
      for (Match* match : asked) match->answer = Answer::no;
      std::vector<uint64_t> channels;
      for (const Watch::Group& group : watch->groups) {
        for (const Subscriber* one : group.subscribers) channels.push_back(one->channel_id);
      }
      for (const uint64_t id : channels) hub_.lose_changes(id, Code::gap);
    }
  }
}

TableRef Changes::newest(const TableRef& table) const {
  const auto found = newest_.find(table->id);
  return found != newest_.end() && found->second.first == table ? found->second.second : table;
}

void Changes::remember(const TableRef& from, const TableRef& table) {
  if (newest_.size() >= kTablesMax) newest_.clear();
  newest_[from->id] = {from, table};
}

bool Changes::came_too_early(const Round& round, size_t which) {
  const SeenBy& seen_by = round.checks[which].verdict.seen_by;
  return std::any_of(round.picks.begin(), round.picks.end(), [&](const Pick& pick) {
    if (pick.verdict != which) return false;
    return !seen_by.has_finished(pick.batch->batch->changes()[pick.change].xid);
  });
}

Task<void> Changes::check_table(std::shared_ptr<Persona> persona, Round* round, size_t which) {
  const TableRef from = round->checks[which].from;
  TableRef table = newest(from);
  pg::Pool* const pool = pool_of(persona->claims);
  uint64_t early_ms = 0;
  for (int reloads = 0; reloads < kReloadsMax;) {
    CheckInput rows(table->visible_in, table->row_columns, *table);
    CheckInput deleted(table->deleted_in, 0, *table);
    for (Pick& pick : round->picks) {
      if (pick.verdict != which) continue;
      const ChangeBatch& batch = *pick.batch->batch;
      const Change& change = batch.changes()[pick.change];
      const bool gone = change.type == ChangeType::remove;
      pick.ordinal = gone ? deleted.rows() : rows.rows();
      (gone ? deleted : rows).add(batch, gone ? change.old_row : change.new_row);
    }
    bool forbidden = false;
    bool outdated = false;
    try {
      ++stats_.checks;
      Verdict verdict = co_await check_rows(pool, persona->claims, table, rows, deleted);
      outdated = verdict.policy_version != table->policy_version;
      round->checks[which].verdict = std::move(verdict);
    } catch (const Raised& raised) {
      forbidden = raised.error().errc == Errc::forbidden;
      outdated = is_outdated(raised.error());
      if (!forbidden && !outdated) throw;
    }
    if (forbidden) {
      const bool may = co_await may_read_key(pool, persona->claims, table);
      if (may) raise(Errc::internal, PublicText(), LogText("a policy was refused something"));
      round->checks[which].problem = Problem::unauthorized;
      round->checks[which].skip = table->rls == Rls::on;
      co_return;
    }
    if (!outdated && came_too_early(*round, which)) {
      early_ms += kEarlyRetryMs;
      if (early_ms > kEarlyMsMax) {
        raise(Errc::overloaded, PublicText(), LogText("a commit does not become visible"));
      }
      co_await sleep_for(loop_, kEarlyRetryMs);
      continue;
    }
    if (!outdated) {
      TableCheck& check = round->checks[which];
      if (table->key.empty()) check.problem = Problem::no_key;
      check.skip = table->key.empty() && check.verdict.rls_active;
      co_return;
    }
    TableRef loaded;
    bool gone = false;
    try {
      const TableRef again = co_await reload_table(pool_of(persona->claims), table);
      loaded = again;
    } catch (const Raised& raised) {
      gone = raised.error().errc == Errc::not_found;
      if (!gone) throw;
    }
    if (gone) {
      round->checks[which].skip = true;
      co_return;
    }
    if (!loaded) raise(Errc::internal, PublicText(), LogText("the table's key left the log"));
    ++reloads;
    table = loaded;
    remember(from, loaded);
  }
  raise(Errc::internal, PublicText(), LogText("the table keeps changing"));
}

}  // namespace chatpad::realtime

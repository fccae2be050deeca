// Rounds of several personas that ask in one flight.
#include <uv.h>

#include <algorithm>

#include "realtime/changes/changes.h"
#include "runtime/base/log.h"

namespace chatpad::realtime {
namespace {

// A row of a round: which one it is.
using RowName = std::pair<uint64_t, uint32_t>;

}  // namespace

// The next from the queue: one that asks alone, or as many of one role as there is reason to take
// together. Whoever waits is dealt out to the free places.
Changes::Members Changes::next_members() {
  const size_t share = (queue_.size() + kChecksMax - 1) / kChecksMax;
  const size_t most = std::clamp(share, kTogetherMin, kTogetherMax);
  Members members;
  std::deque<std::shared_ptr<Persona>> others;
  while (!queue_.empty() && members.size() < most) {
    std::shared_ptr<Persona> persona = std::move(queue_.front());
    queue_.pop_front();
    if (persona->pending.empty()) {
      persona->queued = false;
      continue;
    }
    const bool fits =
        members.empty() || (!members.front().persona->alone && !persona->alone &&
                            members.front().persona->claims.role == persona->claims.role);
    if (!fits) {
      others.push_back(std::move(persona));
      continue;
    }
    persona->queued = false;
    members.push_back(Member{std::move(persona), nullptr});
    if (members.front().persona->alone) break;
  }
  queue_.insert(queue_.begin(), std::make_move_iterator(others.begin()),
                std::make_move_iterator(others.end()));
  return members;
}

Task<void> Changes::run_together(std::shared_ptr<Members> members) {
  const uint64_t began_ns = uv_hrtime();
  std::vector<TableRef> tables;
  for (Member& member : *members) {
    member.round = std::make_shared<Round>();
    collect(*member.persona, *member.round);
    for (const TableCheck& check : member.round->checks) {
      if (std::find(tables.begin(), tables.end(), check.from) == tables.end()) {
        tables.push_back(check.from);
      }
    }
  }
  for (size_t i = 0; i < tables.size(); ++i) {
    const TableRef from = tables[i];
    co_await check_members(members, from);
  }
  const uint64_t took_us = tables.empty() ? 0 : (uv_hrtime() - began_ns) / 1000;
  stats_.check_us += took_us;
  for (const Member& member : *members) {
    if (member.round->checks.empty()) continue;
    ++member.persona->checks;
    member.persona->check_us += took_us / members->size();
  }
  --running_;
  start_rounds_soon();
  for (const Member& member : *members) {
    const auto& checks = member.round->checks;
    const bool settled = std::all_of(checks.begin(), checks.end(),
                                     [](const TableCheck& check) { return check.settled; });
    if (settled) {
      member.persona->retries = 0;
      scope_.spawn(finish(member.persona, member.round));
    } else {
      member.persona->alone = true;
      end_round(*member.persona);
    }
  }
}

// Handing over may wait for a socket, which is nothing to the others.
Task<void> Changes::finish(std::shared_ptr<Persona> persona, std::shared_ptr<Round> round) {
  co_await deliver(persona, round.get());
  end_round(*persona);
}

// What the members ask of one table. Left out: open conditions, and deleted rows that need a proof.
// Those who have the same rows share their values.
std::vector<PersonaAsk> Changes::asks_of(const Members& members, const TableRef& from,
                                         const TableRef& table, std::vector<size_t>& who) {
  std::vector<PersonaAsk> asks;
  std::vector<RowName> names, names_before;
  for (size_t i = 0; i < members.size(); ++i) {
    Round& round = *members[i].round;
    PersonaAsk ask;
    size_t rows_asked = 0;
    names.clear();
    bool unusual = false;
    for (Pick& pick : round.picks) {
      if (round.checks[pick.verdict].from != from) continue;
      const Change& change = pick.batch->batch->changes()[pick.change];
      const bool gone = change.type == ChangeType::remove;
      pick.ordinal = gone ? ask.deleted++ : rows_asked++;
      if (gone && table->rls == Rls::on && !table->deleted_sql.empty()) unusual = true;
      for (const Match& match : pick.matches) unusual = unusual || match.answer == Answer::ask;
      names.emplace_back(pick.batch->number, pick.change);
    }
    if (names.empty() || unusual) continue;
    if (!asks.empty() && names == names_before) {
      ask.rows = asks.back().rows;
    } else {
      CheckInput rows(table->visible_in, table->row_columns, *table);
      for (const Pick& pick : round.picks) {
        const Change& change = pick.batch->batch->changes()[pick.change];
        if (round.checks[pick.verdict].from != from || change.type == ChangeType::remove) continue;
        rows.add(*pick.batch->batch, change.new_row);
      }
      ask.rows = rows.done();
      names_before = names;
    }
    ask.claims = members[i].persona->claims;
    asks.push_back(std::move(ask));
    who.push_back(i);
  }
  return asks;
}

// Settles the table in every member's round, or leaves it to rounds of each alone.
Task<void> Changes::check_members(std::shared_ptr<Members> members, TableRef from) {
  const TableRef table = newest(from);
  pg::Pool* const pool = pool_of(members->front().persona->claims);
  std::vector<size_t> who;
  const std::vector<PersonaAsk> asks = asks_of(*members, from, table, who);
  if (asks.empty()) co_return;
  for (uint64_t early_ms = 0; early_ms <= kEarlyMsMax; early_ms += kEarlyRetryMs) {
    std::vector<Verdict> verdicts;
    bool failed = false;
    stats_.checks += asks.size();
    try {
      std::vector<Verdict> answered = co_await check_together(pool, table, asks);
      verdicts = std::move(answered);
    } catch (const Raised& raised) {
      failed = true;
      log::Line(LogLevel::debug, "changes_ask_alone").field("cause", raised.error().cause.value);
    }
    if (failed || verdicts.front().policy_version != table->policy_version) co_return;
    bool early = false;
    for (size_t i = 0; i < who.size(); ++i) {
      Round& round = *(*members)[who[i]].round;
      for (size_t which = 0; which < round.checks.size(); ++which) {
        TableCheck& check = round.checks[which];
        if (check.from != from) continue;
        check.verdict = std::move(verdicts[i]);
        check.problem = table->key.empty() ? Problem::no_key : Problem::none;
        check.skip = table->key.empty() && check.verdict.rls_active;
        check.settled = true;
        early = early || came_too_early(round, which);
      }
    }
    if (!early) co_return;
    for (const size_t i : who) {
      for (TableCheck& check : (*members)[i].round->checks) {
        if (check.from == from) check.settled = false;
      }
    }
    co_await sleep_for(loop_, kEarlyRetryMs);
  }
}

}  // namespace chatpad::realtime

// The end of a persona's round: frames out of what it may see.
#include <algorithm>

#include "realtime/changes/changes.h"

namespace chatpad::realtime {

Task<void> Changes::deliver(std::shared_ptr<Persona> persona, Round* round) {
  for (size_t i = 0; i < round->picks.size(); ++i) {
    const Cursor next{round->picks[i].batch->number, round->picks[i].change + 1};
    const uint64_t arrived_ms = round->picks[i].batch->arrived_ms;
    hand_over(*round, round->picks[i]);
    persona->at = next;
    std::vector<uint64_t> full;
    full.swap(backed_up_);
    for (const uint64_t id : full) {
      const auto found = subscribers_.find(id);
      if (found == subscribers_.end() || found->second->persona != persona.get()) continue;
      if (persona->subscribers > 1) {
        move_to_own(*found->second, persona->claims);
        continue;
      }
      const bool room = co_await wait_for_room(persona, id, arrived_ms);
      if (!room) co_return;
    }
    if (pushed_ < kPushesPerTurnMax) continue;
    pushed_ = 0;
    co_await sleep_for(loop_, 1);
  }
  // Subscribers may have left, and a gap may have emptied it meanwhile.
  persona->at = std::max(persona->at, round->end);
  while (!persona->pending.empty() && persona->pending.front()->number < persona->at.batch) {
    persona->pending.pop_front();
  }
}

Task<bool> Changes::wait_for_room(std::shared_ptr<Persona> persona, uint64_t channel_id,
                                  uint64_t arrived_ms) {
  const uint64_t began_ms = loop_.now_ms();
  for (;;) {
    co_await sleep_for(loop_, kDrainPollMs);
    const uint64_t now = loop_.now_ms();
    if (!hub_.is_backed_up(channel_id)) co_return true;
    if (now - began_ms < kStuckMsMax && now - arrived_ms < kBehindMsMax) continue;
    lose(*persona, Code::gap);
    co_return false;
  }
}

bool Changes::may_show(const Round& round, const Pick& pick, Watch& watch) const {
  const TableCheck& check = round.checks[pick.verdict];
  if (check.skip) return false;
  if (check.problem == Problem::unauthorized) return true;
  const Change& change = pick.batch->batch->changes()[pick.change];
  const Verdict& verdict = check.verdict;
  const bool gone = change.type == ChangeType::remove;
  if (!(gone ? verdict.deleted_visible : verdict.visible)[pick.ordinal]) return false;
  watch.look_up(change.table);
  return std::all_of(watch.condition_places.begin(), watch.condition_places.end(), [&](int place) {
    return place >= 0 && verdict.columns[static_cast<size_t>(place)];
  });
}

// Old values are shown beside new ones only when the policies cannot have judged them otherwise.
static OldShown old_shown(const Verdict& verdict, const ChangeBatch& batch, const Change& change) {
  if (!verdict.rls_active) return OldShown::identity;
  if (change.type != ChangeType::update) return OldShown::key;
  for (const int place : change.table->policy_columns) {
    const Held before = batch.held(change.old_row, place);
    if (before == Held::missing || before != batch.held(change.new_row, place)) {
      return OldShown::key;
    }
    if (batch.value(change.old_row, place) != batch.value(change.new_row, place)) {
      return OldShown::key;
    }
  }
  return OldShown::identity;
}

const std::string& Changes::rendered(const Round& round, const Pick& pick, const Watch& watch) {
  const TableCheck& check = round.checks[pick.verdict];
  const ChangeBatch& batch = *pick.batch->batch;
  const Change& change = batch.changes()[pick.change];
  LocalBatch::Rendered wanted;
  wanted.problem = check.problem;
  if (change.type == ChangeType::remove && check.problem == Problem::no_key) {
    wanted.problem = Problem::none;
  }
  wanted.columns = check.verdict.columns;
  wanted.columns.resize(change.table->columns.size(), false);
  if (!watch.spec.select.empty()) {
    std::vector<bool> chosen(wanted.columns.size(), false);
    for (const int place : watch.select_places) {
      if (place >= 0) chosen[static_cast<size_t>(place)] = true;
    }
    for (const int place : change.table->key) chosen[static_cast<size_t>(place)] = true;
    for (size_t i = 0; i < chosen.size(); ++i) chosen[i] = chosen[i] && wanted.columns[i];
    wanted.columns = std::move(chosen);
  }
  wanted.old = old_shown(check.verdict, batch, change);
  auto& known = pick.batch->rendered[pick.change];
  for (const LocalBatch::Rendered& one : known) {
    if (one.columns == wanted.columns && one.old == wanted.old && one.problem == wanted.problem) {
      return one.data;
    }
  }
  wanted.data = render_change(batch, change, wanted.columns, wanted.old, wanted.problem);
  known.push_back(std::move(wanted));
  return known.back().data;
}

FrameRef Changes::frame_of(std::string_view topic_text, Vsn vsn, std::string_view ids,
                           std::string_view data) {
  payload_.assign("{\"ids\":[").append(ids).append("],\"data\":").append(data).append("}");
  frame_.clear();
  encode_message(vsn, frame_, "null", "null", topic_text, "postgres_changes", payload_);
  return FrameRef::make(FrameForm::text, frame_);
}

void Changes::push(Subscriber& subscriber, const Pick& pick, const FrameRef& frame) {
  const Cursor here{pick.batch->number, pick.change};
  if (here < subscriber.cursor) return;
  hub_.push_change(subscriber.channel_id, frame);
  subscriber.cursor = Cursor{here.batch, here.change + 1};
  ++pushed_;
  if (hub_.is_backed_up(subscriber.channel_id)) backed_up_.push_back(subscriber.channel_id);
}

void Changes::hand_over(const Round& round, const Pick& pick) {
  std::vector<WatchRef> watches;
  for (const Match& match : pick.matches) {
    if (match.answer == Answer::no || match.watch->groups.empty()) continue;
    if (may_show(round, pick, *match.watch)) {
      watches.push_back(match.watch);
    } else {
      ++stats_.rows_hidden;
    }
  }
  if (watches.size() > 1) return hand_over_to_several(round, pick, watches);
  if (watches.empty()) return;
  const Watch& watch = *watches.front();
  const std::string& data = rendered(round, pick, watch);
  const std::string ids = std::to_string(watch.spec.id);
  for (const Watch::Group& group : watch.groups) {
    const FrameRef frame = frame_of(group.topic_text, group.vsn, ids, data);
    for (Subscriber* subscriber : group.subscribers) push(*subscriber, pick, frame);
  }
}

// A channel gets one frame per change and choice of columns, with all its ids in it.
void Changes::hand_over_to_several(const Round& round, const Pick& pick,
                                   const std::vector<WatchRef>& watches) {
  std::map<Subscriber*, std::vector<std::pair<const std::string*, std::string>>> frames;
  for (const WatchRef& watch : watches) {
    const std::string* data = &rendered(round, pick, *watch);
    const std::string id = std::to_string(watch->spec.id);
    for (const Watch::Group& group : watch->groups) {
      for (Subscriber* subscriber : group.subscribers) {
        auto& mine = frames[subscriber];
        const auto same = std::find_if(mine.begin(), mine.end(),
                                       [data](const auto& one) { return one.first == data; });
        if (same == mine.end()) {
          mine.emplace_back(data, id);
        } else {
          same->second += "," + id;
        }
      }
    }
  }
  std::map<std::string, FrameRef> made;  // channels of one topic often share them
  for (auto& [subscriber, mine] : frames) {
    const Cursor before = subscriber->cursor;
    for (const auto& [data, ids] : mine) {
      const std::string key = subscriber->topic_text +
                              (subscriber->vsn == Vsn::v1 ? " 1 " : " 2 ") + ids + " " +
                              std::to_string(reinterpret_cast<uintptr_t>(data));
      FrameRef& frame = made[key];
      if (!frame) frame = frame_of(subscriber->topic_text, subscriber->vsn, ids, *data);
      subscriber->cursor = before;
      push(*subscriber, pick, frame);
    }
  }
}

}  // namespace chatpad::realtime

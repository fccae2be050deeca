#include "realtime/changes/watch.h"

#include <algorithm>

namespace chatpad::realtime {

void Watch::look_up(const TableRef& table) {
  if (looked_up == table) return;
  looked_up = table;
  condition_places.clear();
  select_places.clear();
  for (const Condition& condition : spec.conditions) {
    condition_places.push_back(table->column(condition.column));
  }
  for (const std::string& name : spec.select) select_places.push_back(table->column(name));
}

Answer Watch::judge(const ChangeBatch& batch, const Change& change) {
  if (spec.type && *spec.type != change.type) return Answer::no;
  const Table& table = *change.table;
  if (!spec.pattern.fits(table.schema, table.name)) return Answer::no;
  if (spec.conditions.empty()) return Answer::yes;
  look_up(change.table);
  const uint32_t row = change.type == ChangeType::remove ? change.old_row : change.new_row;
  Answer answer = Answer::yes;
  for (size_t i = 0; i < spec.conditions.size(); ++i) {
    const int place = condition_places[i];
    if (place < 0 || batch.held(row, place) == Held::missing) return Answer::no;
    const ColumnType& type = *table.columns[static_cast<size_t>(place)].type;
    const Answer one = matches(spec.conditions[i], type, batch.value(row, place));
    if (one == Answer::no) return Answer::no;
    if (one == Answer::ask) answer = Answer::ask;
  }
  return answer;
}

void Watch::add(Subscriber& subscriber) {
  for (Group& group : groups) {
    if (group.vsn == subscriber.vsn && group.topic_text == subscriber.topic_text) {
      group.subscribers.push_back(&subscriber);
      return;
    }
  }
  groups.push_back(Group{subscriber.topic_text, subscriber.vsn, {&subscriber}});
}

void Watch::remove(Subscriber& subscriber) {
  for (Group& group : groups) {
    if (std::erase(group.subscribers, &subscriber) > 0) break;
  }
  std::erase_if(groups, [](const Group& group) { return group.subscribers.empty(); });
}

}  // namespace chatpad::realtime

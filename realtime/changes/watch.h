// Watch: one kind of interest (table, event, filter, columns) of one persona, with everybody on the
// loop who has it. It is judged once per change, however many there are.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "realtime/changes/change_batch.h"
#include "realtime/changes/change_feed.h"
#include "realtime/changes/filter.h"
#include "realtime/protocol/frame.h"
#include "realtime/protocol/join.h"

namespace chatpad::realtime {

// What a request asks for, after it was checked against the catalogue.
struct WatchSpec {
  TablePattern pattern;
  std::optional<ChangeType> type;  // none: every event
  std::vector<Condition> conditions;
  std::vector<std::string> select;  // empty: every column
  int64_t id = 0;
  std::string echo;  // the request's own text: equal requests are one watch
};

// A place in the sequence of changes of one loop.
struct Cursor {
  uint64_t batch = 0;
  uint32_t change = 0;
  auto operator<=>(const Cursor&) const = default;
};

struct Persona;
struct Watch;

// One channel. Owned by Changes; it leaves its watches before it ends.
struct Subscriber {
  uint64_t channel_id = 0;
  std::string topic_text;
  Vsn vsn = Vsn::v1;
  Persona* persona = nullptr;
  std::vector<WatchSpec> specs;
  std::vector<std::shared_ptr<Watch>> watches;
  Cursor cursor;  // the first change it has not been given
};

struct Watch {
  // Subscribers who get the same bytes.
  struct Group {
    std::string topic_text;
    Vsn vsn = Vsn::v1;
    std::vector<Subscriber*> subscribers;
  };

  explicit Watch(WatchSpec of) : spec(std::move(of)) {}

  // Does the change concern this watch, rights aside? `ask`: a condition is PostgreSQL's to answer.
  Answer judge(const ChangeBatch& batch, const Change& change);
  // Where the columns of the conditions and of `select` stand in the table; -1: nowhere.
  void look_up(const TableRef& table);
  void add(Subscriber& subscriber);
  void remove(Subscriber& subscriber);

  const WatchSpec spec;
  std::vector<Group> groups;
  TableRef looked_up;
  std::vector<int> condition_places;
  std::vector<int> select_places;
};
using WatchRef = std::shared_ptr<Watch>;

}  // namespace chatpad::realtime

#include "functions/shared/hours/live_hours.h"

#include "runtime/base/clock.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {

const hours::Schedule& LiveHours::schedule(std::string_view schedule_json) {
  std::string key(schedule_json);
  auto known = schedules_.find(key);
  if (known == schedules_.end()) {
    auto parsed = hours::parse_schedule(schedule_json);
    if (schedules_.size() >= kSchedulesMax) schedules_.clear();
    known =
        schedules_.emplace(std::move(key), parsed ? std::move(parsed).value() : hours::Schedule())
            .first;
  }
  return known->second;
}

std::string LiveHours::offline_message(std::string_view schedule_json) {
  if (schedule_json.empty()) return "";
  const hours::Schedule& known = schedule(schedule_json);
  const hours::Instant now{std::chrono::seconds(wall_s())};
  if (!known.outside.show_offline_message || hours::status(known, now).is_open) return "";
  return known.outside.offline_message;
}

std::string LiveHours::json(std::string_view schedule_json) {
  const hours::Instant now{std::chrono::seconds(wall_s())};
  const hours::Status status = hours::status(schedule(schedule_json), now);
  wire::JsonWriter out;
  out.object().field("isOpen", status.is_open).key("nextOpenTime");
  if (status.next_open_time) {
    out.value(hours::to_iso8601(*status.next_open_time));
  } else {
    out.null();
  }
  out.field("timezone", status.timezone).end();
  return std::move(out).str();
}

}  // namespace chatpad::functions

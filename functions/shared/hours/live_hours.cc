#include "functions/shared/hours/live_hours.h"

#include "runtime/base/clock.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {

std::string LiveHours::json(std::string_view schedule_json) {
  std::string key(schedule_json);
  auto known = schedules_.find(key);
  if (known == schedules_.end()) {
    auto parsed = hours::parse_schedule(schedule_json);
    if (schedules_.size() >= kSchedulesMax) schedules_.clear();
    known =
        schedules_.emplace(std::move(key), parsed ? std::move(parsed).value() : hours::Schedule())
            .first;
  }
  const hours::Instant now{std::chrono::seconds(wall_s())};
  const hours::Status status = hours::status(known->second, now);
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

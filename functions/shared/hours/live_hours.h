// Live opening hours of the agents whose configuration this loop serves: schedules are parsed once
// and kept by their text, kSchedulesMax of them.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "functions/shared/hours/schedule.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

class LiveHours {
 public:
  static constexpr size_t kSchedulesMax = 1024;

  explicit LiveHours(edge::Context&) {}
  // {"isOpen","nextOpenTime","timezone"} now. A schedule that cannot be read counts as always open:
  // a visitor must not be turned away by a typing error in the admin.
  std::string json(std::string_view schedule_json);
  // What is to be said now instead of an answer: the offline message while the schedule is closed
  // and says so; empty at all other times.
  std::string offline_message(std::string_view schedule_json);

 private:
  const hours::Schedule& schedule(std::string_view schedule_json);

  std::unordered_map<std::string, hours::Schedule> schedules_;
};

}  // namespace chatpad::functions

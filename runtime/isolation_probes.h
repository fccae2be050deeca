// What `chatpad verify-isolation` sends to each endpoint. Every endpoint has a row, those that name
// no id as well: an endpoint without one makes the verification fail.
#pragma once

#include <span>
#include <string_view>

namespace chatpad::isolation {

// `open`: what it shows of an account is for everybody, such as a widget's configuration.
// `shut`: nobody gets through with ids alone; it wants a secret that only its owner has.
enum class Reach : uint8_t { own, open, shut };

struct Probe {
  std::string_view route;  // "POST /functions/v1/get-messages", as `chatpad routes` names it
  // What is asked and sent. "$agents" stands for the id of an agent, and so on: the kinds are the
  // tables' names. Without a target the route's own path is asked.
  std::string_view body = {};
  std::string_view target = {};
  Reach reach = Reach::own;
};

std::span<const Probe> probes();

}  // namespace chatpad::isolation

// `chatpad realtime top` and `chatpad realtime why`: what an operator asks about realtime. Both are
// for whoever may read the home: top goes through its control socket, why logs in to the database
// with what the env file holds.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/config.h"

namespace CLI {
class App;
}

namespace chatpad::commands {

// Defines both below `realtime`.
void add_realtime(CLI::App& app);
// Runs the one that was asked for, with the options that were given.
int realtime(const Config& config);

enum class Output : uint8_t { text, json };

struct TopOptions {
  bool once = false;
  bool json = false;
  int interval_s = 1;
  int shown = 10;
};
int realtime_top(const Config& config, const TopOptions& options);

struct WhyOptions {
  std::string topic;
  std::string table, schema = "public", event = "*", filter;
  std::vector<std::string> row;  // the key: a value, or column=value of each column
  std::string user, token, claims, role;
  bool json = false;
};
int realtime_why(const Config& config, const WhyOptions& options);

}  // namespace chatpad::commands

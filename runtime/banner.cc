#include "runtime/banner.h"

#include <unistd.h>

#include <cstdio>

#include "runtime/base/clock.h"

namespace chatpad {

Progress::Progress() : start_ms_(monotonic_ms()), last_ms_(start_ms_) {
  std::puts("ChatPad " CHATPAD_VERSION);
  std::fflush(stdout);
}

void Progress::step(const std::string& what) {
  const uint64_t now = monotonic_ms();
  std::printf("  %6.2f s  %s\n", static_cast<double>(now - last_ms_) / 1000.0, what.c_str());
  std::fflush(stdout);
  last_ms_ = now;
}

uint64_t Progress::total_ms() const { return monotonic_ms() - start_ms_; }

void print_banner(const Config& config, const Home& home, uint64_t took_ms) {
  const auto value = [&home](const char* name) { return home.values.at(name).c_str(); };
  const char* url = config.public_url.c_str();
  std::printf(
      "\nChatPad is ready after %.1f s.\n\n"
      "  API           %s\n"
      "  Anon key      %s\n"
      "  Demo agent    %s\n"
      "  Demo sign-in  %s / %s\n"
      "  All keys      %s\n"
      "  Log           %s\n\n"
      "Ask the demo shop something:\n\n"
      "  curl -s %s/functions/v1/widget-chat \\\n"
      "    -H 'Authorization: Bearer %s' \\\n"
      "    -d '{\"agentId\": \"%s\", \"message\": \"When are you open on Saturday?\"}'\n\n"
      "Add \"stream\": true to the body, and -N to curl, to watch the answer being written.\n"
      "Ctrl-C stops everything; nothing is lost.\n",
      static_cast<double>(took_ms) / 1000.0, url, value("SUPABASE_ANON_KEY"),
      value("CHATPAD_DEMO_AGENT_ID"), value("CHATPAD_DEMO_EMAIL"), value("CHATPAD_DEMO_PASSWORD"),
      home.path("env").c_str(),
      ::isatty(STDERR_FILENO) ? home.path("chatpad.log").c_str() : "standard error", url,
      value("CHATPAD_DEMO_API_KEY"), value("CHATPAD_DEMO_AGENT_ID"));
  std::fflush(stdout);
}

}  // namespace chatpad

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

// Tells a stranger where to look first, and how to sign in there; then what a program needs.
std::string banner_text(const Config& config, const EnvValues& values, const BannerFacts& facts) {
  const std::string& url = config.public_url;
  const std::string& agent = values.at("CHATPAD_DEMO_AGENT_ID");
  char took[32];
  std::snprintf(took, sizeof took, "%.1f", static_cast<double>(facts.took_ms) / 1000.0);
  std::string text = "\nChatPad is ready after " + std::string(took) + " s. Open in a browser:\n\n";
  text += "  Demo shop    " + url + "/demo\n";
  text += "  Hosted chat  " + url + "/chat/" + agent + "\n";
  text += "  Admin        " + url + "/admin/\n";
  text += "               sign in as " + values.at("CHATPAD_DEMO_EMAIL") + " with the password " +
          values.at("CHATPAD_DEMO_PASSWORD") + "\n\n";
  text += "For programs:\n\n";
  text += "  API          " + url + "\n";
  text += "  All keys     " + facts.env_file + "\n";
  text += "  Log          " + facts.log + "\n";
  text += "  Anon key     " + values.at("SUPABASE_ANON_KEY") + "\n\n";
  text += "Ask the demo shop something:\n\n";
  text += "  curl -s " + url + "/functions/v1/widget-chat \\\n";
  text += "    -H 'Authorization: Bearer " + values.at("CHATPAD_DEMO_API_KEY") + "' \\\n";
  text += "    -d '{\"agentId\": \"" + agent + "\",\n";
  text += "         \"message\": \"When are you open on Saturday?\"}'\n\n";
  text += "Add \"stream\": true to the body, and -N to curl, to watch the answer being written.\n";
  text += "Ctrl-C stops everything; nothing is lost.\n";
  return text;
}

void print_banner(const Config& config, const Home& home, uint64_t took_ms) {
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const BannerFacts facts{took_ms, home.path("env"),
                          terminal ? home.path("chatpad.log") : "standard error"};
  std::fputs(banner_text(config, home.values, facts).c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace chatpad

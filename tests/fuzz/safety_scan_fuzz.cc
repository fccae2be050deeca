// However a text is cut into pieces, the scanner shows the same; and what it keeps is part of it.
//
// uses: functions/shared/safety/scan.cc functions/shared/safety/match_*.cc
// uses: functions/shared/safety/rules.cc runtime/base/error.cc runtime/base/check.cc
// links: -lre2
#include "functions/shared/safety/scan.h"
#include "runtime/base/check.h"

using namespace chatpad;
using namespace chatpad::safety;

namespace {

Wanted everything() {
  static const Wanted wanted = [] {
    Wanted all;
    all.kinds = (1U << kKinds) - 1;
    all.rules = RuleSet::compile({{"id", R"(ACME-\d{8})", false, Action::redact},
                                  {"loose", R"((?i)secret.{0,20}end)", false, Action::redact},
                                  {"word", "blue falcon", true, Action::warn}})
                    .or_raise();
    all.instructions = std::make_shared<const std::vector<std::string>>(
        std::vector<std::string>{"never", "speak", "of", "the", "winter", "sale", "before", "it"});
    return all;
  }();
  return wanted;
}

std::optional<std::string> decide(const Match& match) {
  if (match.kind == Kind::email) return std::nullopt;
  return "<" + std::string(to_string(match.kind)) + ">";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t step = 1 + data[0] % 7;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = rewrite(text, everything(), decide);
  Scanner scanner(everything(), decide);
  std::string pieces;
  for (size_t at = 0; at < text.size(); at += step)
    pieces += scanner.feed(std::string_view(text).substr(at, step));
  pieces += scanner.finish();
  CHECK(pieces == whole, "cut differently, shown differently");
  Wanted nothing;
  CHECK(rewrite(text, nothing, decide) == text, "what nobody looks for stays");
  return 0;
}

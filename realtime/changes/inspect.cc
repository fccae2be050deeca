// What an operator sees of the personas.
#include <algorithm>

#include "realtime/changes/changes.h"
#include "runtime/wire/fields.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kSubjectCharsMax = 64;

std::string subject_of(const std::string& claims_json) {
  try {
    const wire::Fields fields = wire::Fields::parse(claims_json).or_raise();
    return fields.optional_string("sub", kSubjectCharsMax).value_or("");
  } catch (const Raised&) {
    return "";
  }
}

}  // namespace

std::vector<PersonaReport> Changes::personas(size_t most) const {
  std::vector<const Persona*> slowest;
  for (const auto& persona : personas_) slowest.push_back(persona.get());
  const size_t kept = std::min(most, slowest.size());
  std::partial_sort(
      slowest.begin(), slowest.begin() + static_cast<std::ptrdiff_t>(kept), slowest.end(),
      [](const Persona* one, const Persona* other) { return one->check_us > other->check_us; });
  slowest.resize(kept);
  std::vector<PersonaReport> reports;
  for (const Persona* persona : slowest) {
    PersonaReport& report = reports.emplace_back();
    report.role = pg::role_name(persona->claims.role);
    report.subject = subject_of(persona->claims.json);
    report.subscribers = persona->subscribers;
    report.waiting = persona->pending.size();
    report.checks = persona->checks;
    report.check_us = persona->check_us;
  }
  return reports;
}

}  // namespace chatpad::realtime

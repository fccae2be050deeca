#include "functions/shared/knowledge/access.h"

#include <algorithm>

namespace chatpad::knowledge {
namespace {

AclMode mode_of(std::string_view name) {
  if (name == "public") return AclMode::everybody;
  return name == "rbac" ? AclMode::rbac : AclMode::abac;
}

Sensitivity sensitivity_of(std::string_view name) {
  if (name == "public") return Sensitivity::everybody;
  if (name == "internal") return Sensitivity::internal;
  return name == "confidential" ? Sensitivity::confidential : Sensitivity::restricted;
}

}  // namespace

std::shared_ptr<const Access> read_access(std::string_view mode, std::string_view sensitivity,
                                          std::string_view groups) {
  Access access{mode_of(mode), sensitivity_of(sensitivity), {}};
  if (access.mode == AclMode::everybody && access.sensitivity == Sensitivity::everybody) {
    return nullptr;
  }
  while (!groups.empty()) {
    const std::size_t end = std::min(groups.find('\n'), groups.size());
    if (end > 0) access.groups.emplace_back(groups.substr(0, end));
    groups.remove_prefix(std::min(end + 1, groups.size()));
  }
  return std::make_shared<const Access>(std::move(access));
}

bool may_see(const Access& access, const Audience& who) {
  const auto in = [&](const std::string& group) {
    return std::find(who.groups.begin(), who.groups.end(), group) != who.groups.end();
  };
  const auto& groups = access.groups;
  if (access.mode == AclMode::everybody && access.sensitivity == Sensitivity::everybody) {
    return true;
  }
  if (!who.inside && who.groups.empty()) return false;
  if (access.mode == AclMode::abac || access.sensitivity == Sensitivity::restricted) {
    return !groups.empty() && std::all_of(groups.begin(), groups.end(), in);
  }
  if (access.mode == AclMode::rbac || access.sensitivity == Sensitivity::confidential) {
    return std::any_of(groups.begin(), groups.end(), in);
  }
  return true;
}

}  // namespace chatpad::knowledge

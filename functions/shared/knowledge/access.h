// Who may be shown a passage.
//
// For: everything that reads an agent's knowledge for somebody. A source has an access (acl_mode,
// sensitivity, acl_groups of its row), whoever asks is an Audience, may_see() is the rule. Its twin
// in SQL is private.may_see; tests/api/knowledge_search.test.mjs holds the two together.
// Owner: nobody; pure. Errors: none; what is not understood is shown to nobody.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::knowledge {

/// public: groups are not asked for; rbac: one of the groups; abac: all of them.
enum class AclMode : std::uint8_t { everybody, rbac, abac };

/// internal: whoever is inside; confidential: as rbac; restricted: as abac, whatever the mode says.
enum class Sensitivity : std::uint8_t { everybody, internal, confidential, restricted };

struct Access {
  AclMode mode = AclMode::everybody;
  Sensitivity sensitivity = Sensitivity::everybody;
  std::vector<std::string> groups;
};

/// Who asks. Nobody in particular unless said otherwise.
struct Audience {
  bool inside = false;  // of the account; whoever is in a group counts as inside
  std::vector<std::string> groups;
};

/// As the columns have them, the groups one a line; nullptr when everybody may see it.
std::shared_ptr<const Access> read_access(std::string_view mode, std::string_view sensitivity,
                                          std::string_view groups);

bool may_see(const Access& access, const Audience& who);

}  // namespace chatpad::knowledge

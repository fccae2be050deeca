// What the settings say about signing up and about mail, as SQL reads it: the member `rules` of
// what api.auth_* functions take. Also where a link may lead to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/config.h"

namespace chatpad::functions {

// {"signUp","domains","autoconfirm","expiresS","intervalS","perHour"}
std::string rules_json(const Config& config);

// The URL a link of a mail, or a sign-in elsewhere, may send a browser to: `wanted` when it has an
// origin of our own pages, the site's, or matches CHATPAD_REDIRECT_URLS; the site otherwise. Of our
// own pages those of visitors are left out (/chat/, /demo, /widget/): what stands in their URL is
// the tenant's to read.
// In a pattern `*` stands for characters other than '.', '/' and '?', `**` for any.
std::string allowed_redirect(const Config& config, const std::optional<std::string>& wanted);
bool is_allowed_redirect(const Config& config, std::string_view url);

}  // namespace chatpad::functions

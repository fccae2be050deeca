// What an invitation's link carries: the token that its inviter sees as well, and, in the mail
// alone, a proof behind a dot that whoever shows it reads the mail of the invited address.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/config.h"

namespace chatpad::functions {

constexpr size_t kInvitationCharsMax = 200;

struct InvitationLink {
  std::string token_hash;
  std::string proof_hash;  // of an empty text when the link has none
};
// "<token>" or "<token>.<proof>", as somebody sent it.
InvitationLink read_invitation(std::string_view text);

std::string invitation_url(const Config& config, std::string_view token);

// The mail of kind team_invitation, sealed (functions/shared/mail).
struct InvitationWords {
  std::string account;
  std::string person;
  std::string role;
};
std::string invitation_mail(const Config& config, const InvitationWords& words,
                            std::string_view link);

}  // namespace chatpad::functions

#include "functions/shared/team/invitation.h"

#include "functions/shared/mail/plain_name.h"
#include "functions/shared/mail/sealed_mail.h"
#include "functions/shared/team/secret.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {

InvitationLink read_invitation(std::string_view text) {
  const size_t dot = text.find('.');
  const bool whole = dot != std::string_view::npos;
  return {secret_hash(text.substr(0, dot)), secret_hash(whole ? text.substr(dot + 1) : "")};
}

std::string invitation_url(const Config& config, std::string_view token) {
  return config.public_url + "/admin/#/invitation/" + std::string(token);
}

std::string invitation_mail(const Config& config, const InvitationWords& words,
                            std::string_view link) {
  const std::string person = plain_name(words.person);
  const std::string account = plain_name(words.account);
  const std::string text =
      (person.empty() ? "Somebody" : person) + " invited you to work in " +
      (account.empty() ? "a team" : account) + " as " + words.role +
      ".\n\nFollow this link to join:\n\n" + std::string(link) +
      "\n\nIt works for a week, and for this address only.\n\nWhoever does not "
      "want to join need not do anything.\n";
  wire::JsonWriter content;
  content.object()
      .field("subject", "You have been invited to a team")
      .field("text", text)
      .field("link", link)
      .end();
  return seal_mail(config, content.view());
}

}  // namespace chatpad::functions

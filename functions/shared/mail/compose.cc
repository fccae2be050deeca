#include "functions/shared/mail/compose.h"

#include <array>

#include "functions/shared/mail/sealed_mail.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

constexpr size_t kTextCharsMax = 20'000;

struct Words {
  std::string_view kind;
  std::string_view subject;
  std::string_view before;  // the link
  std::string_view after;   // it, before the code
};

constexpr std::array kWords = {
    Words{"signup", "Confirm your address",
          "Follow this link to confirm your address:", "Or type this code:"},
    Words{"invite", "You have been invited",
          "Follow this link to accept the invitation:", "Or type this code:"},
    Words{"magiclink", "Your sign-in link", "Follow this link to sign in:", "Or type this code:"},
    Words{"recovery", "Choose a new password",
          "Follow this link to sign in and choose a new password:", "Or type this code:"},
    Words{"email_change_current", "Confirm the change of your address",
          "Follow this link to agree that your account moves to another address:",
          "Or type this code:"},
    Words{"email_change_new", "Confirm your new address",
          "Follow this link to confirm your new address:", "Or type this code:"},
    Words{"reauthentication", "Your confirmation code", "", "Type this code to go on:"},
};

const Words* words_of(std::string_view kind) {
  for (const Words& words : kWords) {
    if (words.kind == kind) return &words;
  }
  return nullptr;
}

}  // namespace

std::string link_of_mail(const Config& config, std::string_view kind, std::string_view token,
                         std::string_view redirect_to) {
  const std::string_view type = kind.starts_with("email_change") ? "email_change" : kind;
  return config.public_url + "/auth/v1/verify?token=" + wire::percent_encode(token) +
         "&type=" + wire::percent_encode(type) +
         "&redirect_to=" + wire::percent_encode(redirect_to);
}

Mail compose_mail(const Config& config, std::string_view kind, std::string_view content_json) {
  const wire::Fields content = wire::Fields::parse(content_json).or_raise();
  Mail mail;
  const Words* const words = words_of(kind);
  if (!words) {
    mail.subject = content.string("subject", 1, 200);
    mail.text = content.string("text", 1, kTextCharsMax);
    mail.link = content.optional_string("link", 4096).value_or("");
    return mail;
  }
  mail.subject = words->subject;
  mail.code = content.string("otp", 6, 6);
  if (!words->before.empty()) {
    mail.link = link_of_mail(config, kind, content.string("token", 1, 256),
                             content.string("redirectTo", 0, 4096));
    mail.text = std::string(words->before) + "\n\n" + mail.link + "\n\n";
  }
  mail.text += std::string(words->after) + "\n\n" + mail.code +
               "\n\nWhoever did not ask for this mail need not do anything.\n";
  return mail;
}

Result<Mail> read_mail(const Config& config, std::string_view kind, std::string_view sealed) {
  const Result<std::string> content = open_mail(config, sealed);
  if (!content) {
    return Error(Errc::internal, PublicText(), LogText("sealed with another secret"));
  }
  try {
    return compose_mail(config, kind, *content);
  } catch (const Raised&) {  // a control character, or not as its kind wants it
    return Error(Errc::internal, PublicText(), LogText("its words cannot be sent"));
  }
}

}  // namespace chatpad::functions

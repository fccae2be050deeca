// The words of a mail: from its kind and what was sealed with it.
//
// Kinds of sign-in (signup, invite, magiclink, recovery, email_change_current, email_change_new,
// reauthentication) want {"token","otp","redirectTo"}. Every other kind is somebody else's mail and
// brings its words along: {"subject","text"}, and "link" where the text has one.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/config.h"
#include "runtime/base/error.h"

namespace chatpad::functions {

struct Mail {
  std::string subject;
  std::string text;
  std::string link;  // empty: none
  std::string code;  // the six digits; empty: none
};
// Raises Errc::internal for content that is not as its kind wants it.
Mail compose_mail(const Config& config, std::string_view kind, std::string_view content_json);

// The same of a sealed mail; an error instead when it does not open or has no such content, so that
// one mail stops no other.
Result<Mail> read_mail(const Config& config, std::string_view kind, std::string_view sealed);

// <public URL>/auth/v1/verify?token=...: links never go by what a request called us.
std::string link_of_mail(const Config& config, std::string_view kind, std::string_view token,
                         std::string_view redirect_to);

}  // namespace chatpad::functions

// A name that somebody chose, as a mail to somebody else may have it: one line of at most 100
// characters, without controls, and with nothing in it that mail programs turn into a link. Whoever
// names themselves "Follow https://evil.example" writes no part of our mails. An e-mail address
// stays.
//
//   const std::string text = plain_name(words.person) + " invited you ...";
//
// Empty when nothing is left. Pure; no errors.
#pragma once

#include <string>
#include <string_view>

namespace chatpad::functions {

constexpr size_t kPlainNameCharsMax = 100;

std::string plain_name(std::string_view name);

}  // namespace chatpad::functions

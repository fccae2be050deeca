// Recognises messages that ask nothing: greetings, thanks, goodbyes, "are you a robot?".
//
// For: the reply before any search. A message counts only when it is nothing but small talk:
// "Hi, do you ship abroad?" is a question. English, German and French.
// Owner: nobody; pure. Errors: none. Limits: longer than kSmallTalkWordsMax is never small talk.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "functions/shared/text/language.h"

namespace chatpad::knowledge {

constexpr std::size_t kSmallTalkWordsMax = 8;

enum class SmallTalk { greeting, thanks, goodbye, how_are_you, who_are_you };

std::optional<SmallTalk> small_talk(std::string_view message);

/// A friendly sentence; an agent's own greeting takes precedence where it has one.
std::string_view small_talk_reply(SmallTalk kind, text::Language language);

}  // namespace chatpad::knowledge

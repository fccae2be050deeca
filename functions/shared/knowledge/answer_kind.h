// What sort of thing a question asks for, and whether a sentence holds such a thing.
//
// For: choosing among sentences that speak of the right subject: "how much" wants a number, "how do
// I" wants something to do. A hint, never a filter. English, German and French question words.
// Owner: nobody; pure. Errors: none. Limits: none of its own.
#pragma once

#include <string_view>

namespace chatpad::knowledge {

enum class AnswerKind { any, action, amount, time, place, person, permission };

AnswerKind expected_kind(std::string_view question);

bool speaks_of(AnswerKind kind, std::string_view sentence);

}  // namespace chatpad::knowledge

// Does a visitor ask for a person?
//
// For: calling one instead of answering (guard.h). Rules in English, German, French, Spanish,
// Italian, Portuguese, Dutch, Polish, Russian, Chinese and Japanese, over folded words: a verb of
// talking or connecting with somebody who answers, a wish for a real one, the bare word that
// telephone menus have taught people ("agent"), or no wish for a machine. "I do not want to talk to
// a person" asks for none, nor does "Are you a person?". Pure. It understands nothing: what is said
// in other words is for the agent's keywords.
#pragma once

#include <string_view>

namespace chatpad::safety {

bool asks_for_person(std::string_view message);

}  // namespace chatpad::safety

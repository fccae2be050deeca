// Words that are near each other without meaning the same: "burn" and "write", "typeface" and
// "font".
//
// For: paraphrase.h, which gives them to a question with less weight than what means the same.
// Everyday English and the English of computers, shops and offices, from general knowledge; nothing
// about any text that is searched. Owner: nobody; fixed. Errors: none.
#pragma once

#include <string_view>

namespace chatpad::knowledge {

/// One group a line; every word of a group is near every other.
extern const std::string_view kEnglishAkin;

}  // namespace chatpad::knowledge

// What kind of file bytes are. The content decides; the name only between kinds that are all text.
#pragma once

#include <string_view>

namespace chatpad::extract {

enum class Kind { pdf, zip, html, markdown, csv, json, plain, binary };

Kind sniff(std::string_view bytes, std::string_view utf8, std::string_view file_name);

}  // namespace chatpad::extract

// Turns an HTML file into the light Markdown that chunk_text reads. For tests over installed
// documents only: it knows DocBook's navigation, nothing of scripts. Errors: an unreadable file is
// an empty text.
#pragma once

#include <string>

namespace chatpad::knowledge {

struct HtmlDocument {
  std::string title;
  std::string text;
};

HtmlDocument read_html(const std::string& path);

}  // namespace chatpad::knowledge

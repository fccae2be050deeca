#include <algorithm>
#include <array>

#include "functions/shared/safety/matchers.h"

namespace chatpad::safety {
namespace {

constexpr size_t kSchemeBytes = 11;

constexpr std::array<std::string_view, 11> kSchemes = {
    "http://", "https://", "ftp://", "ws://",       "wss://",   "file://",
    "data:",   "blob:",    "www.",   "javascript:", "vbscript:"};

// Elements that fetch something, run something or change the page around them.
constexpr std::array<std::string_view, 30> kActive = {
    "img",    "image",  "picture", "source", "video",    "audio",   "iframe", "frame",
    "object", "embed",  "script",  "link",   "style",    "svg",     "meta",   "base",
    "form",   "input",  "button",  "track",  "body",     "table",   "td",     "math",
    "applet", "portal", "use",     "html",   "template", "frameset"};
constexpr std::array<std::string_view, 24> kPlain = {
    "a",  "b",  "i",  "u",  "p",  "br",   "hr",  "em",  "strong",     "span", "div", "ul",
    "ol", "li", "h1", "h2", "h3", "code", "pre", "del", "blockquote", "sup",  "sub", "font"};

bool in_url(char c) {
  return static_cast<unsigned char>(c) > 0x20 && c != '<' && c != '>' && c != '"' && c != '`' &&
         c != '{' && c != '}' && c != '|' && c != '\\' && c != '^';
}

// The end of the bracket opened at `from`, or npos. Two line ends close no bracket.
size_t closing(std::string_view text, size_t from, char opens, char closes) {
  int depth = 0;
  for (size_t i = from; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == opens) {
      ++depth;
    } else if (text[i] == closes && --depth == 0) {
      return i;
    } else if (text[i] == '\n' && i + 1 < text.size() && text[i + 1] == '\n') {
      return std::string_view::npos;
    }
  }
  return std::string_view::npos;
}

bool paragraph_ends(std::string_view text) { return text.find("\n\n") != std::string_view::npos; }

// CommonMark 6.3 and 6.4: [label](url "title"), with ! in front an image.
Verdict match_brackets(const Place& place, bool image) {
  const std::string_view rest = place.text.substr(place.at, kMarkupBytesMax);
  const bool more = place.ends_at(place.at + rest.size()) && rest.size() < kMarkupBytesMax &&
                    !paragraph_ends(rest);
  const size_t first = image ? 1 : 0;
  if (image && rest.size() < 2) return more ? open() : nothing();
  if (rest[first] != '[') return nothing();
  const size_t label_end = closing(rest, first, '[', ']');
  if (label_end == rest.npos) return more ? open() : nothing();
  if (label_end + 1 >= rest.size()) return more ? open() : nothing();
  const std::string_view label = rest.substr(first + 1, label_end - first - 1);
  if (rest[label_end + 1] != '(') {
    if (!image) return nothing();
    // An image by reference; its address stands elsewhere and is looked at there.
    Verdict verdict = found(Kind::image, place, label_end + 1);
    verdict.match.label = label;
    return verdict;
  }
  const size_t end = closing(rest, label_end + 1, '(', ')');
  if (end == rest.npos) return more ? open() : nothing();
  std::string_view url = rest.substr(label_end + 2, end - label_end - 2);
  while (!url.empty() && (is_space(url.front()) || url.front() == '<')) url.remove_prefix(1);
  url = url.substr(0, url.find_first_of(" \t\r\n>"));
  Verdict verdict = found(image ? Kind::image : Kind::link, place, end + 1);
  verdict.match.label = label;
  verdict.match.url = url;
  return verdict;
}

bool among(auto& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

Verdict match_tag(const Place& place) {
  const std::string_view rest = place.text.substr(place.at, kMarkupBytesMax);
  const bool more = place.ends_at(place.at + rest.size()) && rest.size() < kMarkupBytesMax;
  if (rest.size() < 2) return more ? open() : nothing();
  const bool odd = rest[1] == '!' || rest[1] == '?';
  const size_t first = rest[1] == '/' ? 2 : 1;
  size_t name_end = first;
  while (name_end < rest.size() && is_alnum(rest[name_end])) ++name_end;
  if (!odd && name_end == first) return more && name_end == rest.size() ? open() : nothing();
  if (name_end == rest.size() && more) return open();
  const std::string name = lower(rest.substr(first, name_end - first));
  const size_t end = rest.find('>');
  if (name_end < rest.size() && rest[name_end] == ':' && !odd) {
    // An address between brackets: <https://example.org>
    if (end == rest.npos) return more ? open() : nothing();
    const std::string_view url = rest.substr(1, end - 1);
    const std::string small = lower(url);
    const bool known = std::any_of(kSchemes.begin(), kSchemes.end(), [&](std::string_view scheme) {
      return small.starts_with(scheme);
    });
    if (!known) return nothing();
    Verdict verdict = found(Kind::link, place, end + 1);
    verdict.match.url = url;
    return verdict;
  }
  if (!odd && !among(kActive, name) && !among(kPlain, name)) return nothing();
  if (end == rest.npos) {
    if (more) return open();
    // Without an end it is no tag; without its first sign neither is the rest.
    return found(Kind::html, place, 1);
  }
  return found(among(kActive, name) ? Kind::image : Kind::html, place, end + 1);
}

}  // namespace

Verdict match_markup(const Place& place) {
  const char c = place.text[place.at];
  if (c == '<') return match_tag(place);
  return match_brackets(place, c == '!');
}

Verdict match_url(const Place& place) {
  if (is_word(place.before())) return nothing();
  const std::string start = lower(place.text.substr(place.at, kSchemeBytes));
  const bool all_known = !place.ends_at(place.at + start.size()) || start.size() == kSchemeBytes;
  bool begins = false;
  for (const std::string_view scheme : kSchemes) {
    if (start.starts_with(scheme)) begins = true;
    if (!begins && !all_known && scheme.starts_with(start)) return open();
  }
  if (!begins) return nothing();
  size_t end = place.at;
  while (end < place.text.size() && end - place.at < kMarkupBytesMax && in_url(place.text[end]))
    ++end;
  if (place.ends_at(end) && end - place.at < kMarkupBytesMax) return open();
  std::string_view url = place.text.substr(place.at, end - place.at);
  while (url.size() > 1 &&
         std::string_view(".,;:!?)]*_'").find(url.back()) != std::string_view::npos) {
    url.remove_suffix(1);
  }
  // "data:" in a sentence is a word and a colon.
  const size_t colon = start.find(':');
  if (colon != start.npos && url.size() <= colon + 1) return nothing();
  Verdict verdict = found(Kind::link, place, url.size());
  verdict.match.url = url;
  return verdict;
}

}  // namespace chatpad::safety

#include "runtime/wire/multipart.h"

#include <algorithm>
#include <optional>

#include "runtime/wire/utf8.h"

namespace chatpad::wire {
namespace {

constexpr size_t kFileNameBytesMax = 255;

Error refused(const char* sentence) { return Error(Errc::bad_request, PublicText(sentence)); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The value of `; name=value` or `; name="value"` in a header; nullopt when it is not there.
std::optional<std::string> parameter(std::string_view header, std::string_view wanted) {
  size_t at = header.find(';');
  while (at < header.size()) {
    const size_t equals = header.find('=', at);
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = trimmed(header.substr(at + 1, equals - at - 1));
    std::string value;
    at = equals + 1;
    while (at < header.size() && header[at] == ' ') ++at;
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        if (header[at] == '\\' && at + 1 < header.size() &&
            (header[at + 1] == '"' || header[at + 1] == '\\')) {
          ++at;
        }
        value += header[at];
      }
      at = header.find(';', at);
    } else {
      const size_t end = std::min(header.find(';', at), header.size());
      value = trimmed(header.substr(at, end - at));
      at = end;
    }
    if (same_word(name, wanted)) return value;
    if (at == std::string_view::npos) return std::nullopt;
  }
  return std::nullopt;
}

// A name to show, whatever path or bytes somebody has put into it.
std::string clean_file_name(std::string name) {
  name.erase(0, name.find_last_of("/\\") + 1);
  std::string clean;
  for (size_t i = 0; i < name.size() && clean.size() < kFileNameBytesMax - 4;) {
    const size_t size = utf8_sequence(name, i);
    if (size > 0 && static_cast<unsigned char>(name[i]) >= 0x20 && name[i] != 0x7F) {
      clean.append(name, i, size);
    }
    i += std::max<size_t>(1, size);
  }
  return clean;
}

Result<Part> read_part(std::string_view text) {
  const size_t head_end = text.starts_with("\r\n") ? 0 : text.find("\r\n\r\n");
  if (head_end == std::string_view::npos || head_end > kPartHeadBytesMax) {
    return refused("A part of the form has no end of its head, or too long a one.");
  }
  Part part;
  part.content = text.substr(head_end + (head_end == 0 ? 2 : 4));
  std::string_view head = text.substr(0, head_end);
  bool has_name = false;
  while (!head.empty()) {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_word(name, "content-type")) part.content_type = value.substr(0, 200);
    if (!same_word(name, "content-disposition")) continue;
    const auto field = parameter(value, "name");
    has_name = field && !field->empty() && is_utf8(*field);
    if (has_name) part.name = *field;
    part.file_name = clean_file_name(parameter(value, "filename").value_or(""));
  }
  if (!has_name) return refused("A part of the form has no name.");
  return part;
}

}  // namespace

bool is_multipart(std::string_view content_type) {
  return same_word(trimmed(content_type.substr(0, content_type.find(';'))), "multipart/form-data");
}

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body) {
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kBoundaryBytesMax) {
    return refused("The form has no boundary in its Content-Type.");
  }
  const std::string opening = "--" + *boundary;
  const std::string between = "\r\n" + opening;
  if (!body.starts_with(opening)) return refused("The form does not begin with its boundary.");
  body.remove_prefix(opening.size());
  std::vector<Part> parts;
  while (!body.starts_with("--")) {
    if (!body.starts_with("\r\n")) return refused("A boundary of the form does not end its line.");
    body.remove_prefix(2);
    if (parts.size() == kPartsMax) return refused("The form has too many parts.");
    // A part may be empty and then has nothing before the line break of the next boundary.
    const size_t end = body.find(between);
    if (end == std::string_view::npos) return refused("The form does not end with its boundary.");
    Result<Part> part = read_part(body.substr(0, end));
    if (!part) return part.error();
    parts.push_back(std::move(*part));
    body.remove_prefix(end + between.size());
  }
  return parts;
}

}  // namespace chatpad::wire

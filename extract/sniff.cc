#include "extract/sniff.h"

#include <algorithm>
#include <array>
#include <string>

#include "extract/charset.h"
#include "extract/csv.h"

namespace chatpad::extract {
namespace {

constexpr size_t kPdfMarkBytes = 1024;
constexpr size_t kHeadBytes = 4096;

std::string lower_head(std::string_view text, size_t bytes) {
  std::string head(text.substr(0, bytes));
  std::ranges::transform(head, head.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return head;
}

bool ends_with_one(std::string_view name, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [&](std::string_view end) { return name.ends_with(end); });
}

bool is_markup(std::string_view head) {
  const size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || head[first] != '<') return false;
  constexpr std::array<std::string_view, 9> kMarks = {
      "<!doctype html", "<html", "<head", "<body", "<title", "<meta", "<div", "<article", "<?xml"};
  return std::ranges::any_of(
      kMarks, [&](std::string_view mark) { return head.find(mark) != std::string_view::npos; });
}

}  // namespace

Kind sniff(std::string_view bytes, std::string_view utf8, std::string_view file_name) {
  if (bytes.substr(0, kPdfMarkBytes).find("%PDF-") != std::string_view::npos) return Kind::pdf;
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) return Kind::zip;
  if (looks_binary(bytes)) return Kind::binary;
  const std::string name = lower_head(file_name, 300);
  const std::string head = lower_head(utf8, kHeadBytes);
  if (is_markup(head)) return Kind::html;
  const size_t first = head.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (head[first] == '{' || head[first] == '[') &&
      !ends_with_one(name, {".md", ".markdown", ".txt"})) {
    return Kind::json;
  }
  if (ends_with_one(name, {".csv", ".tsv"}) && csv_delimiter(utf8) != '\0') return Kind::csv;
  if (ends_with_one(name, {".md", ".markdown"})) return Kind::markdown;
  if (ends_with_one(name, {".html", ".htm"})) return Kind::html;
  return Kind::plain;
}

}  // namespace chatpad::extract

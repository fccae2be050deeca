#include "extract/spreadsheet.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <set>
#include <vector>

#include "extract/table.h"
#include "extract/xml.h"

namespace chatpad::extract {
namespace {

using Strings = std::vector<std::string>;

int number_of(std::string_view text, int fallback) {
  int value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string text_below(const pugi::xml_node& root) {
  std::string text;
  walk_xml(
      root,
      [&](const pugi::xml_node& node) {
        if (local_name(node) == "t") text += node.text().get();
        return local_name(node) != "rPh";  // how a word is read aloud
      },
      [](const pugi::xml_node&) {});
  return text;
}

Strings shared_strings(ZipArchive& archive) {
  Strings strings;
  const auto content = archive.read("xl/sharedStrings.xml");
  if (!content) return strings;
  pugi::xml_document document;
  parse_xml(document, *content);
  for (const pugi::xml_node& one : document.document_element().children()) {
    if (local_name(one) == "si") strings.push_back(text_below(one));
  }
  return strings;
}

bool is_date_format(std::string_view code) {
  bool quoted = false;
  for (const char c : code) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == 'y' || c == 'Y' || c == 'd' || c == 'D')) return true;
  }
  return false;
}

// The cell styles that show a number as a date.
std::set<int> date_styles(ZipArchive& archive) {
  std::set<int> dates;
  const auto content = archive.read("xl/styles.xml");
  if (!content) return dates;
  pugi::xml_document document;
  parse_xml(document, *content);
  std::set<int> formats = {14, 15, 16, 17, 22};
  for (const pugi::xml_node& one : child(document.document_element(), "numFmts").children()) {
    if (is_date_format(attribute(one, "formatCode"))) {
      formats.insert(number_of(attribute(one, "numFmtId"), -1));
    }
  }
  int index = 0;
  for (const pugi::xml_node& one : child(document.document_element(), "cellXfs").children()) {
    if (local_name(one) != "xf") continue;
    if (formats.contains(number_of(attribute(one, "numFmtId"), -1))) dates.insert(index);
    ++index;
  }
  return dates;
}

// Days since 1899-12-30, as spreadsheets count them.
std::string date_text(std::string_view serial) {
  double days = 0;
  const auto read = std::from_chars(serial.data(), serial.data() + serial.size(), days);
  if (read.ec != std::errc() || days < 1 || days > 2'958'465) return std::string(serial);
  const std::chrono::sys_days base = std::chrono::year(1899) / 12 / 30;
  const std::chrono::year_month_day date = base + std::chrono::days(static_cast<int>(days));
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

// "BC12" is in column 54.
size_t column_of(std::string_view reference) {
  size_t column = 0;
  for (const char c : reference) {
    if (c < 'A' || c > 'Z' || column > kCellsMax) break;
    column = column * 26 + static_cast<size_t>(c - 'A' + 1);
  }
  return column;
}

std::string cell_text(const pugi::xml_node& cell, const Strings& strings,
                      const std::set<int>& dates) {
  const std::string_view type = attribute(cell, "t");
  if (type == "inlineStr") return text_below(cell);
  const std::string value = child(cell, "v").text().get();
  if (type == "s") {
    const int index = number_of(value, -1);
    return index >= 0 && static_cast<size_t>(index) < strings.size()
               ? strings[static_cast<size_t>(index)]
               : std::string();
  }
  if (type == "b") return value == "1" ? "yes" : "no";
  if (type == "e") return {};
  if (type.empty() && dates.contains(number_of(attribute(cell, "s"), -1))) return date_text(value);
  return value;
}

void read_sheet(const pugi::xml_node& sheet, int number, const Strings& strings,
                const std::set<int>& dates, int& rows_left, Emitter& out) {
  TableText table(out, number);
  std::vector<std::string> cells;
  for (const pugi::xml_node& row : child(sheet, "sheetData").children()) {
    if (local_name(row) != "row") continue;
    if (--rows_left < 0) throw Failure("too_large");
    cells.clear();
    bool any = false;
    for (const pugi::xml_node& cell : row.children()) {
      if (local_name(cell) != "c") continue;
      const size_t column = column_of(attribute(cell, "r"));
      if (column > kCellsMax || cells.size() >= kCellsMax) break;
      if (column > cells.size() + 1) cells.resize(column - 1);
      cells.push_back(cell_text(cell, strings, dates));
      any = any || !cells.back().empty();
    }
    if (any) table.row(cells);
  }
}

}  // namespace

void read_spreadsheet(ZipArchive& archive, const std::string& title, Emitter& out) {
  const auto workbook = archive.read("xl/workbook.xml");
  const auto relations = archive.read("xl/_rels/workbook.xml.rels");
  if (!workbook || !relations) throw Failure("file_damaged");
  const auto targets = relation_targets(*relations);
  const Strings strings = shared_strings(archive);
  const std::set<int> dates = date_styles(archive);
  pugi::xml_document document;
  parse_xml(document, *workbook);
  DocumentFacts facts;
  facts.type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  facts.title = title;
  out.document(facts);
  int number = 0;
  int rows_left = kRowsMax;
  for (const pugi::xml_node& one : child(document.document_element(), "sheets").children()) {
    const auto found = targets.find(relation_id(one));
    if (found == targets.end() || attribute(one, "state") == "veryHidden") continue;
    const auto content = archive.read("xl/" + found->second);
    if (!content) continue;
    pugi::xml_document sheet;
    parse_xml(sheet, *content);
    out.heading(1, attribute(one, "name"), ++number);
    read_sheet(sheet.document_element(), number, strings, dates, rows_left, out);
  }
  out.end();
}

}  // namespace chatpad::extract

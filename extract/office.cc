// DOCX, PPTX and XLSX (ECMA-376): zip archives of XML.
#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "extract/readers.h"
#include "extract/spreadsheet.h"
#include "extract/xml.h"
#include "extract/zip_archive.h"
#include "functions/shared/text/sentences.h"

namespace chatpad::extract {
namespace {

constexpr int kSlidesMax = 5'000;

std::string core_title(ZipArchive& archive) {
  const auto core = archive.read("docProps/core.xml");
  if (!core) return {};
  pugi::xml_document document;
  if (!document.load_buffer(core->data(), core->size())) return {};
  return child(document.document_element(), "title").text().get();
}

int digit_at_end(std::string_view text) {
  return !text.empty() && text.back() >= '1' && text.back() <= '9' ? text.back() - '0' : 0;
}

// Style id -> heading level, from "heading 1", "Title" and outline levels.
std::map<std::string, int, std::less<>> heading_styles(ZipArchive& archive) {
  std::map<std::string, int, std::less<>> levels;
  const auto styles = archive.read("word/styles.xml");
  if (!styles) return levels;
  pugi::xml_document document;
  parse_xml(document, *styles);
  for (const pugi::xml_node& style : document.document_element().children()) {
    if (local_name(style) != "style") continue;
    const std::string id(attribute(style, "styleId"));
    std::string name(attribute(child(style, "name"), "val"));
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    const std::string_view outline = attribute(child(child(style, "pPr"), "outlineLvl"), "val");
    if (name == "title") {
      levels[id] = 1;
    } else if (name.starts_with("heading ")) {
      levels[id] = std::max(1, digit_at_end(name));
    } else if (!outline.empty() && outline[0] >= '0' && outline[0] <= '8') {
      levels[id] = outline[0] - '0' + 1;
    }
  }
  return levels;
}

class WordReader {
 public:
  WordReader(ZipArchive& archive, Emitter& out) : out_(out), levels_(heading_styles(archive)) {}

  void run(const pugi::xml_node& body) {
    walk_xml(
        body, [this](const pugi::xml_node& node) { return enter(node); },
        [this](const pugi::xml_node& node) { leave(node); });
  }

 private:
  bool enter(const pugi::xml_node& node) {
    const std::string_view name = local_name(node);
    if (name == "t") {
      line_ += node.text().get();
    } else if (name == "tab" || name == "br" || name == "cr") {
      line_ += ' ';
      if (attribute(node, "type") == "page") ++page_;
    } else if (name == "lastRenderedPageBreak") {
      ++page_;
    } else if (name == "pStyle") {
      const auto found = levels_.find(attribute(node, "val"));
      if (found != levels_.end()) level_ = found->second;
    } else if (name == "outlineLvl" && level_ == 0) {
      const std::string_view value = attribute(node, "val");
      if (!value.empty() && value[0] >= '0' && value[0] <= '8') level_ = value[0] - '0' + 1;
    } else if (name == "numPr") {
      is_item_ = true;
    } else if (name == "tr") {
      ++rows_;
      row_.clear();
    }
    // Text that was deleted, and the second writing of a drawing.
    return name != "del" && name != "moveFrom" && name != "Fallback" && name != "instrText";
  }

  void leave(const pugi::xml_node& node) {
    const std::string_view name = local_name(node);
    if (name == "tr") {
      --rows_;
      while (row_.ends_with(' ') || row_.ends_with(';')) row_.pop_back();
      out_.item(row_, page_);
      row_.clear();
    } else if (name == "tc") {
      if (!row_.ends_with("; ") && !row_.empty()) row_ += "; ";
    } else if (name == "p") {
      end_paragraph();
    }
  }

  void end_paragraph() {
    if (rows_ > 0) {
      const std::string cell = text::collapse_space(line_);
      if (!cell.empty()) row_ += (row_.empty() || row_.ends_with(' ') ? "" : " ") + cell;
    } else if (level_ > 0) {
      out_.heading(level_, line_, page_);
    } else if (is_item_) {
      out_.item(line_, page_);
    } else {
      out_.paragraph(line_, page_);
    }
    line_.clear();
    level_ = 0;
    is_item_ = false;
  }

  Emitter& out_;
  std::map<std::string, int, std::less<>> levels_;
  std::string line_, row_;
  int level_ = 0;
  int rows_ = 0;
  int page_ = 1;
  bool is_item_ = false;
};

void read_word(ZipArchive& archive, Emitter& out) {
  const auto content = archive.read("word/document.xml");
  if (!content) throw Failure("file_damaged");
  pugi::xml_document document;
  parse_xml(document, *content);
  DocumentFacts facts;
  facts.type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  facts.title = core_title(archive);
  out.document(facts);
  WordReader(archive, out).run(document.document_element());
  out.end();
}

// A shape of a slide; its placeholder says whether it is the title.
void read_slide(const pugi::xml_node& slide, int number, Emitter& out) {
  bool is_title = false;
  std::string line;
  const auto enter = [&](const pugi::xml_node& node) {
    const std::string_view name = local_name(node);
    if (name == "sp") is_title = false;
    if (name == "ph") {
      const std::string_view type = attribute(node, "type");
      is_title = type == "title" || type == "ctrTitle";
    }
    if (name == "t") line += node.text().get();
    if (name == "br" || name == "tab") line += ' ';
    return name != "Fallback";
  };
  const auto leave = [&](const pugi::xml_node& node) {
    if (local_name(node) != "p") return;
    if (is_title) {
      out.heading(1, line, number);
    } else {
      out.item(line, number);
    }
    line.clear();
  };
  walk_xml(slide, enter, leave);
}

void read_slides(ZipArchive& archive, Emitter& out) {
  DocumentFacts facts;
  facts.type = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
  facts.title = core_title(archive);
  const auto order = archive.read("ppt/presentation.xml");
  const auto relations = archive.read("ppt/_rels/presentation.xml.rels");
  if (!order || !relations) throw Failure("file_damaged");
  std::map<std::string, std::string, std::less<>> targets = relation_targets(*relations);
  pugi::xml_document document;
  parse_xml(document, *order);
  std::vector<std::string> slides;
  for (const pugi::xml_node& one : child(document.document_element(), "sldIdLst").children()) {
    // r:id, not the number that is also called id.
    const auto found = targets.find(relation_id(one));
    if (found != targets.end() && slides.size() < kSlidesMax)
      slides.push_back("ppt/" + found->second);
  }
  facts.pages = static_cast<int>(slides.size());
  out.document(facts);
  for (size_t i = 0; i < slides.size(); ++i) {
    const auto content = archive.read(slides[i]);
    if (!content) continue;
    pugi::xml_document slide;
    parse_xml(slide, *content);
    read_slide(slide.document_element(), static_cast<int>(i) + 1, out);
  }
  out.end();
}

}  // namespace

std::map<std::string, std::string, std::less<>> relation_targets(std::string_view xml) {
  pugi::xml_document document;
  parse_xml(document, xml);
  std::map<std::string, std::string, std::less<>> targets;
  for (const pugi::xml_node& one : document.document_element().children()) {
    std::string target(attribute(one, "Target"));
    if (attribute(one, "TargetMode") == "External") continue;
    if (target.starts_with("/ppt/")) target.erase(0, 5);
    if (target.starts_with("/xl/")) target.erase(0, 4);
    targets.emplace(attribute(one, "Id"), std::move(target));
  }
  return targets;
}

std::string_view relation_id(const pugi::xml_node& node) {
  for (const pugi::xml_attribute& one : node.attributes()) {
    const std::string_view name(one.name());
    if (name != "id" && local_name(one.name()) == "id") return one.value();
  }
  return {};
}

void read_office(std::string_view bytes, Emitter& out) {
  ZipArchive archive(bytes);
  if (archive.has("word/document.xml")) return read_word(archive, out);
  if (archive.has("ppt/presentation.xml")) return read_slides(archive, out);
  if (archive.has("xl/workbook.xml")) {
    return read_spreadsheet(archive, core_title(archive), out);
  }
  throw Failure("unsupported_type");
}

}  // namespace chatpad::extract

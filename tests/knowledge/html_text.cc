#include "tests/knowledge/html_text.h"

#include <libxml/HTMLparser.h>

#include <memory>
#include <string_view>

#include "functions/shared/text/sentences.h"

namespace chatpad::knowledge {
namespace {

struct XmlDeleter {
  void operator()(xmlDoc* doc) const { xmlFreeDoc(doc); }
  void operator()(xmlChar* value) const { xmlFree(value); }
};

std::string_view name_of(const xmlNode* node) {
  return node->name == nullptr ? "" : reinterpret_cast<const char*>(node->name);
}

std::string text_of(xmlNode* node) {
  const std::unique_ptr<xmlChar, XmlDeleter> value(xmlNodeGetContent(node));
  return value ? reinterpret_cast<const char*>(value.get()) : "";
}

class Writer {
 public:
  void walk(xmlNode* node) {
    for (; node != nullptr; node = node->next) visit(node);
  }

  std::string take() {
    flush();
    return std::move(out_);
  }

 private:
  void visit(xmlNode* node) {
    if (node->type == XML_TEXT_NODE) {
      inline_ += reinterpret_cast<const char*>(node->content);
      return;
    }
    if (node->type != XML_ELEMENT_NODE || skipped(node)) return;
    const std::string_view name = name_of(node);
    if (name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6') {
      flush();
      out_ += std::string(static_cast<std::size_t>(name[1] - '0'), '#') + " " +
              text::collapse_space(text_of(node)) + "\n\n";
    } else if (name == "pre") {
      flush();
      out_ += "```\n" + text_of(node) + "\n```\n\n";
    } else if (name == "li") {
      flush();
      prefix_ = "- ";
      walk(node->children);
      flush();
    } else if (name == "p" || name == "div" || name == "dt" || name == "dd" || name == "tr" ||
               name == "ul" || name == "ol" || name == "dl" || name == "table") {
      flush();
      walk(node->children);
      flush();
    } else {
      walk(node->children);
    }
  }

  static bool skipped(xmlNode* node) {
    const std::string_view name = name_of(node);
    if (name == "head" || name == "script" || name == "style") return true;
    const std::unique_ptr<xmlChar, XmlDeleter> value(
        xmlGetProp(node, reinterpret_cast<const xmlChar*>("class")));
    if (!value) return false;
    const std::string_view kind = reinterpret_cast<const char*>(value.get());
    return kind == "navheader" || kind == "navfooter" || kind == "toc";
  }

  void flush() {
    const std::string line = text::collapse_space(inline_);
    inline_.clear();
    if (line.empty()) return;
    out_ += prefix_ + line + "\n\n";
    prefix_.clear();
  }

  std::string out_;
  std::string inline_;
  std::string prefix_;
};

}  // namespace

HtmlDocument read_html(const std::string& path) {
  constexpr int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING;
  const std::unique_ptr<xmlDoc, XmlDeleter> doc(htmlReadFile(path.c_str(), "UTF-8", options));
  HtmlDocument result;
  if (!doc) return result;
  Writer writer;
  writer.walk(xmlDocGetRootElement(doc.get()));
  result.text = writer.take();
  const std::size_t heading = result.text.find("# ");
  if (heading != std::string::npos) {
    result.title = result.text.substr(heading + 2, result.text.find('\n', heading) - heading - 2);
  }
  return result;
}

}  // namespace chatpad::knowledge

// The kinds that are text: Markdown, CSV, JSON, plain.
#include <cmark.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "extract/csv.h"
#include "extract/readers.h"
#include "extract/table.h"
#include "functions/shared/text/sentences.h"
#include "runtime/wire/json.h"

namespace chatpad::extract {
namespace {

constexpr size_t kPathBytesMax = 300;

struct NodeFree {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct IterFree {
  void operator()(cmark_iter* iter) const { cmark_iter_free(iter); }
};

std::string_view or_empty(const char* text) { return text == nullptr ? "" : text; }

// "---" lines at the start of a file hold settings, not words; a title is among them.
std::string_view take_front_matter(std::string_view text, std::string& title) {
  if (!text.starts_with("---\n") && !text.starts_with("---\r\n")) return text;
  const size_t end = text.find("\n---", 3);
  if (end == std::string_view::npos) return text;
  const std::string_view head = text.substr(0, end);
  if (const size_t at = head.find("\ntitle:"); at != std::string_view::npos) {
    const size_t line_end = std::min(head.find('\n', at + 1), head.size());
    title = text::collapse_space(head.substr(at + 7, line_end - at - 7));
    std::erase(title, '"');
  }
  const size_t rest = text.find('\n', end + 4);
  return rest == std::string_view::npos ? std::string_view() : text.substr(rest + 1);
}

class MarkdownReader {
 public:
  explicit MarkdownReader(Emitter& out) : out_(out) {}

  void run(cmark_node* root) {
    const std::unique_ptr<cmark_iter, IterFree> iter(cmark_iter_new(root));
    for (cmark_event_type event = cmark_iter_next(iter.get()); event != CMARK_EVENT_DONE;
         event = cmark_iter_next(iter.get())) {
      cmark_node* node = cmark_iter_get_node(iter.get());
      event == CMARK_EVENT_ENTER ? enter(node) : leave(node);
    }
  }

 private:
  void enter(cmark_node* node) {
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_ITEM:
        kind_ = text::BlockKind::item;
        break;
      case CMARK_NODE_CODE_BLOCK:
        out_.add(
            {text::BlockKind::code, 0, {}, std::string(or_empty(cmark_node_get_literal(node)))});
        break;
      case CMARK_NODE_TEXT:
      case CMARK_NODE_CODE:
        line_ += or_empty(cmark_node_get_literal(node));
        break;
      case CMARK_NODE_SOFTBREAK:
      case CMARK_NODE_LINEBREAK:
        line_ += ' ';
        break;
      default:
        break;
    }
  }

  void leave(cmark_node* node) {
    const cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_HEADING) {
      out_.heading(cmark_node_get_heading_level(node), line_);
    } else if (type == CMARK_NODE_PARAGRAPH) {
      out_.add({kind_, 0, {}, text::collapse_space(line_)});
      kind_ = text::BlockKind::paragraph;
    } else {
      return;
    }
    line_.clear();
  }

  Emitter& out_;
  std::string line_;
  text::BlockKind kind_ = text::BlockKind::paragraph;
};

class JsonReader {
 public:
  explicit JsonReader(Emitter& out) : out_(out) {}

  // parse_json() has bounded the depth.
  void read(const wire::Json& value, const std::string& path) {
    if (value.is_array()) {
      for (const wire::Json& element : value) read(element, path);
    } else if (value.is_object()) {
      if (!is_question(value)) fields(value, path);
    } else if (!value.is_null()) {
      const std::string text = value.is_string() ? value.get<std::string>() : wire::dump(value);
      out_.item(path.empty() ? text : path + ": " + text);
    }
  }

 private:
  bool is_question(const wire::Json& object) {
    std::string question;
    std::string answer;
    for (const auto& [name, value] : object.items()) {
      if (!value.is_string()) continue;
      if (names_question(name)) question = value.get<std::string>();
      if (names_answer(name)) answer = value.get<std::string>();
    }
    if (question.empty() || answer.empty()) return false;
    out_.question(question, answer);
    return true;
  }

  // The plain values of an object in one line, what is nested behind them.
  void fields(const wire::Json& object, const std::string& path) {
    std::string line;
    for (const auto& [name, value] : object.items()) {
      if (value.is_structured() || value.is_null()) continue;
      if (!line.empty()) line += "; ";
      line += name + ": " + (value.is_string() ? value.get<std::string>() : wire::dump(value));
    }
    out_.item(path.empty() || line.empty() ? line : path + ": " + line);
    for (const auto& [name, value] : object.items()) {
      if (!value.is_structured()) continue;
      const std::string below = path.empty() ? name : path + "." + name;
      read(value, below.size() > kPathBytesMax ? path : below);
    }
  }

  Emitter& out_;
};

}  // namespace

void read_markdown(std::string_view utf8, Emitter& out) {
  DocumentFacts facts;
  facts.type = "text/markdown";
  const std::string_view body = take_front_matter(utf8, facts.title);
  const std::unique_ptr<cmark_node, NodeFree> root(
      cmark_parse_document(body.data(), body.size(), CMARK_OPT_DEFAULT));
  out.document(facts);
  MarkdownReader(out).run(root.get());
  out.end();
}

void read_csv(std::string_view utf8, char delimiter, Emitter& out) {
  DocumentFacts facts;
  facts.type = "text/csv";
  out.document(facts);
  CsvReader reader(utf8, delimiter, kCellsMax);
  TableText table(out);
  std::vector<std::string> row;
  for (int rows = 0; reader.next(row); ++rows) {
    if (rows >= kRowsMax) throw Failure("too_large");
    table.row(row);
  }
  out.end();
}

void read_json(std::string_view utf8, Emitter& out) {
  wire::JsonLimits limits;
  limits.bytes_max = kEntryBytesMax;
  const auto parsed = wire::parse_json(utf8, limits);
  if (!parsed) throw Failure("file_damaged");
  DocumentFacts facts;
  facts.type = "application/json";
  out.document(facts);
  JsonReader(out).read(parsed.value(), "");
  out.end();
}

void read_plain(std::string_view utf8, Emitter& out) {
  DocumentFacts facts;
  facts.type = "text/plain";
  out.document(facts);
  for (text::Block& block : text::read_blocks(utf8)) out.add(std::move(block));
  out.end();
}

}  // namespace chatpad::extract

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "extract/readers.h"
#include "functions/shared/text/sentences.h"

namespace chatpad::extract {
namespace {

constexpr size_t kDepthMax = 2000;
constexpr size_t kAround = 6;  // neighbours of a box that are looked at, blanks counted

std::string attribute(const GumboNode& node, const char* name) {
  const GumboAttribute* found = gumbo_get_attribute(&node.v.element.attributes, name);
  return found == nullptr ? std::string() : std::string(found->value);
}

bool is_element(const GumboNode& node) {
  return node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE;
}

template <class Matches>
bool has_name(std::string_view names, Matches matches) {
  size_t at = 0;
  while (at < names.size()) {
    const size_t end = std::min(names.find_first_of(" \t\n", at), names.size());
    if (matches(names.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

// What is around the text of every page of a site.
bool has_boilerplate_name(std::string_view names) {
  constexpr std::array<std::string_view, 23> kNames = {
      "nav",         "navbar", "navigation", "menu",        "breadcrumb",    "related",
      "breadcrumbs", "footer", "cookie",     "cookies",     "cookie-banner", "consent",
      "advert",      "ads",    "share",      "social",      "newsletter",    "skip-link",
      "pagination",  "toc",    "navheader",  "site-header", "navfooter"};
  return has_name(names,
                  [&](auto name) { return std::ranges::find(kNames, name) != kNames.end(); });
}

// Elements that neither begin nor end a block.
bool is_inline(GumboTag tag) {
  constexpr std::array<GumboTag, 34> kInline = {
      GUMBO_TAG_A,     GUMBO_TAG_ABBR, GUMBO_TAG_B,      GUMBO_TAG_BDI,    GUMBO_TAG_BDO,
      GUMBO_TAG_CITE,  GUMBO_TAG_CODE, GUMBO_TAG_DATA,   GUMBO_TAG_DFN,    GUMBO_TAG_EM,
      GUMBO_TAG_FONT,  GUMBO_TAG_I,    GUMBO_TAG_KBD,    GUMBO_TAG_MARK,   GUMBO_TAG_Q,
      GUMBO_TAG_RP,    GUMBO_TAG_RT,   GUMBO_TAG_RUBY,   GUMBO_TAG_S,      GUMBO_TAG_SAMP,
      GUMBO_TAG_SMALL, GUMBO_TAG_SPAN, GUMBO_TAG_STRIKE, GUMBO_TAG_STRONG, GUMBO_TAG_SUB,
      GUMBO_TAG_SUP,   GUMBO_TAG_TIME, GUMBO_TAG_TT,     GUMBO_TAG_U,      GUMBO_TAG_VAR,
      GUMBO_TAG_WBR,   GUMBO_TAG_INS,  GUMBO_TAG_DEL,    GUMBO_TAG_LABEL};
  return std::ranges::find(kInline, tag) != kInline.end();
}

int heading_level(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_H1:
      return 1;
    case GUMBO_TAG_H2:
      return 2;
    case GUMBO_TAG_H3:
      return 3;
    case GUMBO_TAG_H4:
      return 4;
    case GUMBO_TAG_H5:
      return 5;
    case GUMBO_TAG_H6:
      return 6;
    case GUMBO_TAG_SUMMARY:
      return 7;
    default:
      return 0;
  }
}

bool is_aside(const GumboNode& node) {
  const auto sidebar = [](std::string_view name) { return name == "sidebar"; };
  return node.v.element.tag == GUMBO_TAG_ASIDE || has_name(attribute(node, "class"), sidebar) ||
         has_name(attribute(node, "id"), sidebar);
}

// A heading, or a block that begins with words of its own.
bool is_text_block(const GumboNode& node) {
  if (!is_element(node)) return false;
  const GumboTag tag = node.v.element.tag;
  if (tag == GUMBO_TAG_P || heading_level(tag) > 0) return true;
  if (tag != GUMBO_TAG_DIV) return false;
  const GumboVector& children = node.v.element.children;
  for (unsigned i = 0; i < children.length; ++i) {
    const auto& child = *static_cast<const GumboNode*>(children.data[i]);
    if (child.type == GUMBO_NODE_WHITESPACE) continue;
    return child.type == GUMBO_NODE_TEXT;
  }
  return false;
}

// A box among paragraphs, as manuals have them, belongs to the text; the column beside it does not.
bool stands_in_text(const GumboNode& node) {
  if (node.parent == nullptr || !is_element(*node.parent)) return false;
  const GumboVector& siblings = node.parent->v.element.children;
  const size_t at = node.index_within_parent;
  for (size_t i = at - std::min(at, kAround); i < siblings.length && i <= at + kAround; ++i) {
    const auto& sibling = *static_cast<const GumboNode*>(siblings.data[i]);
    if (&sibling != &node && is_text_block(sibling)) return true;
  }
  return false;
}

bool is_dropped(const GumboNode& node) {
  switch (node.v.element.tag) {
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_NOSCRIPT:
    case GUMBO_TAG_TEMPLATE:
    case GUMBO_TAG_SVG:
    case GUMBO_TAG_IFRAME:
    case GUMBO_TAG_OBJECT:
    case GUMBO_TAG_CANVAS:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_BUTTON:
    case GUMBO_TAG_SELECT:
    case GUMBO_TAG_TEXTAREA:
    case GUMBO_TAG_HEAD:
      return true;
    default:
      break;
  }
  if (gumbo_get_attribute(&node.v.element.attributes, "hidden") != nullptr) return true;
  if (attribute(node, "aria-hidden") == "true") return true;
  const std::string role = attribute(node, "role");
  if (role == "navigation" || role == "banner" || role == "contentinfo" || role == "search") {
    return true;
  }
  return has_boilerplate_name(attribute(node, "class")) ||
         has_boilerplate_name(attribute(node, "id")) || (is_aside(node) && !stands_in_text(node));
}

// A walk with a stack of its own: pages may be nested as deep as their makers like.
template <class Enter, class Leave>
void walk(const GumboNode& root, Enter enter, Leave leave) {
  struct Step {
    const GumboNode* node;
    unsigned next = 0;
  };
  std::vector<Step> stack;
  if (enter(root)) stack.push_back({&root});
  while (!stack.empty()) {
    Step& step = stack.back();
    const GumboVector& children = step.node->v.element.children;
    if (step.next >= children.length || stack.size() > kDepthMax) {
      const GumboNode& node = *step.node;
      stack.pop_back();
      leave(node);
      continue;
    }
    const auto& child = *static_cast<const GumboNode*>(children.data[step.next++]);
    if (enter(child) && is_element(child)) stack.push_back({&child});
  }
}

const GumboNode* find_first(const GumboNode& root, GumboTag tag) {
  const GumboNode* found = nullptr;
  walk(
      root,
      [&](const GumboNode& node) {
        if (found == nullptr && is_element(node) && node.v.element.tag == tag) found = &node;
        return found == nullptr;
      },
      [](const GumboNode&) {});
  return found;
}

std::string text_of(const GumboNode& root) {
  std::string text;
  walk(
      root,
      [&](const GumboNode& node) {
        if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE) {
          text += node.v.text.text;
        }
        return true;
      },
      [](const GumboNode&) {});
  return text;
}

bool forbids_indexing(const GumboNode& root) {
  bool found = false;
  walk(
      root,
      [&](const GumboNode& node) {
        if (is_element(node) && node.v.element.tag == GUMBO_TAG_META &&
            attribute(node, "name") == "robots" &&
            attribute(node, "content").find("noindex") != std::string::npos) {
          found = true;
        }
        return !found;
      },
      [](const GumboNode&) {});
  return found;
}

class PageReader {
 public:
  enum class Part { page, main };
  PageReader(Emitter& out, Part part) : out_(out), is_whole_page_(part == Part::page) {}

  void run(const GumboNode& root) {
    walk(
        root, [this](const GumboNode& node) { return enter(node); },
        [this](const GumboNode& node) { leave(node); });
    flush();
  }

 private:
  bool enter(const GumboNode& node) {
    if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_CDATA ||
        node.type == GUMBO_NODE_WHITESPACE) {
      add_text(node.v.text.text);
      return false;
    }
    if (!is_element(node) || is_dropped(node)) return false;
    const GumboTag tag = node.v.element.tag;
    if (tag == GUMBO_TAG_HEADER && is_whole_page_) return false;
    if (tag == GUMBO_TAG_BR) {
      line_ += preformatted_ > 0 ? "\n" : " ";
      return false;
    }
    if (tag == GUMBO_TAG_A) ++links_;
    if (is_inline(tag)) return true;
    if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
      if (chars_ > 0 && preformatted_ == 0) line_ += "; ";
      return true;
    }
    flush();
    if (tag == GUMBO_TAG_PRE) ++preformatted_;
    if (tag == GUMBO_TAG_LI || tag == GUMBO_TAG_DD) kind_ = text::BlockKind::item;
    level_ = heading_level(tag);
    return true;
  }

  void leave(const GumboNode& node) {
    const GumboTag tag = node.v.element.tag;
    if (tag == GUMBO_TAG_A) --links_;
    if (is_inline(tag) || tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) return;
    if (tag == GUMBO_TAG_PRE) kind_ = text::BlockKind::code;
    flush();
    if (tag == GUMBO_TAG_PRE) --preformatted_;
  }

  void add_text(const char* text) {
    line_ += text;
    for (const char* c = text; *c != '\0'; ++c) {
      if (*c == ' ' || *c == '\n' || *c == '\t' || *c == '\r') continue;
      ++chars_;
      if (links_ > 0) ++link_chars_;
    }
  }

  // A block that is nothing but links leads elsewhere; it says nothing.
  void flush() {
    const bool only_links = level_ == 0 && chars_ > 0 && link_chars_ == chars_ && is_whole_page_;
    if (!only_links) {
      std::string text = kind_ == text::BlockKind::code ? line_ : text::collapse_space(line_);
      const auto kind = level_ > 0 ? text::BlockKind::heading : kind_;
      out_.add({kind, level_, std::nullopt, std::move(text)});
    }
    line_.clear();
    chars_ = link_chars_ = 0;
    kind_ = text::BlockKind::paragraph;
    level_ = 0;
  }

  Emitter& out_;
  bool is_whole_page_;
  std::string line_;
  text::BlockKind kind_ = text::BlockKind::paragraph;
  int level_ = 0;
  int preformatted_ = 0;
  int links_ = 0;
  size_t chars_ = 0;
  size_t link_chars_ = 0;
};

}  // namespace

// The tree is not freed: the process ends, and freeing it would recurse as deep as it is.
void read_html(std::string_view utf8, Emitter& out) {
  GumboOptions options = kGumboDefaultOptions;
  options.max_errors = 0;
  const GumboOutput* parsed = gumbo_parse_with_options(&options, utf8.data(), utf8.size());
  const GumboNode& root = *parsed->root;
  DocumentFacts facts;
  facts.type = "text/html";
  if (const GumboNode* title = find_first(root, GUMBO_TAG_TITLE)) facts.title = text_of(*title);
  facts.noindex = forbids_indexing(root);
  out.document(facts);
  const GumboNode* main = find_first(root, GUMBO_TAG_MAIN);
  if (main == nullptr) main = find_first(root, GUMBO_TAG_ARTICLE);
  PageReader reader(out, main == nullptr ? PageReader::Part::page : PageReader::Part::main);
  reader.run(main != nullptr ? *main : root);
  out.end();
}

}  // namespace chatpad::extract

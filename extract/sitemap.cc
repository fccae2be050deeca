// Sitemaps (sitemaps.org, version 0.9), also gzipped, and plain lists of addresses.
#include <zlib.h>

#include "extract/charset.h"
#include "extract/readers.h"
#include "extract/xml.h"

namespace chatpad::extract {
namespace {

constexpr int kUrlsMax = 50'000;  // as the protocol has it
constexpr size_t kUrlBytesMax = 2048;

std::string unzip(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw Failure("file_damaged");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  char buffer[64 * 1024];
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    state = inflate(&stream, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END) break;
    out.append(buffer, sizeof buffer - stream.avail_out);
    if (out.size() > kEntryBytesMax) break;
  }
  inflateEnd(&stream);
  if (out.size() > kEntryBytesMax) throw Failure("too_large");
  if (state != Z_STREAM_END) throw Failure("file_damaged");
  return out;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

void read_list(std::string_view text, Emitter& out) {
  int left = kUrlsMax;
  while (!text.empty() && left > 0) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() > kUrlBytesMax || !line.starts_with("http")) continue;
    out.url(line, "");
    --left;
  }
}

}  // namespace

void read_sitemap(std::string_view bytes, Emitter& out) {
  std::string unzipped;
  if (bytes.starts_with("\x1F\x8B")) {
    unzipped = unzip(bytes);
    bytes = unzipped;
  }
  const std::string_view text =
      trimmed(bytes.starts_with("\xEF\xBB\xBF") ? bytes.substr(3) : bytes);
  if (!text.starts_with('<')) {
    if (looks_binary(text)) throw Failure("unsupported_type");
    DocumentFacts list;
    list.type = "text/plain";
    out.document(list);
    read_list(text, out);
    return out.end();
  }
  pugi::xml_document document;
  parse_xml(document, text);
  const pugi::xml_node root = document.document_element();
  const std::string_view name = local_name(root);
  if (name != "urlset" && name != "sitemapindex") throw Failure("unsupported_type");
  DocumentFacts facts;
  facts.type = name == "urlset" ? "application/sitemap" : "application/sitemap-index";
  out.document(facts);
  int left = kUrlsMax;
  for (const pugi::xml_node& one : root.children()) {
    const std::string_view loc = trimmed(child(one, "loc").text().get());
    if (loc.empty() || loc.size() > kUrlBytesMax || --left < 0) continue;
    out.url(loc, trimmed(child(one, "lastmod").text().get()));
  }
  out.end();
}

}  // namespace chatpad::extract

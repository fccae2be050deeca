// The readers: each takes the bytes of one kind of file and tells an Emitter what is in it. They
// are meant to run in a process of their own, behind enter_sandbox(): the libraries below them
// (poppler, gumbo, libzip, pugixml, cmark) are given whatever a stranger has made. They may throw
// Failure or std::bad_alloc; they may also end the process.
#pragma once

#include <string>
#include <string_view>

#include "extract/emitter.h"

namespace chatpad::extract {

constexpr int kPagesMax = 10'000;
constexpr int kPagesPerRun = 250;
constexpr size_t kEntryBytesMax = 64 * 1024 * 1024;     // of an office file, unpacked
constexpr size_t kEntriesBytesMax = 192 * 1024 * 1024;  // together
constexpr int kEntriesMax = 20'000;
constexpr int kRowsMax = 200'000;
constexpr int kCellsMax = 2'000;  // of a row

void read_pdf(std::string_view bytes, const Place& from, Emitter& out);
void read_html(std::string_view utf8, Emitter& out);
void read_office(std::string_view bytes, Emitter& out);  // DOCX, PPTX, XLSX; else unsupported_type
void read_markdown(std::string_view utf8, Emitter& out);
void read_csv(std::string_view utf8, char delimiter, Emitter& out);
void read_json(std::string_view utf8, Emitter& out);
void read_plain(std::string_view utf8, Emitter& out);
// <urlset> and <sitemapindex>; the bytes may be gzipped. Also plain lists of URLs, one a line.
void read_sitemap(std::string_view bytes, Emitter& out);

}  // namespace chatpad::extract

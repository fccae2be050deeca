#include "functions/shared/ingest/failures.h"

#include <algorithm>

namespace chatpad::ingest {
namespace {

using jobs::Retry;

constexpr FailureInfo kFailures[] = {
    {"unsupported_type",
     "This kind of file cannot be read. PDF, DOCX, PPTX, XLSX, HTML, Markdown, text, CSV and JSON "
     "can.",
     Retry::never},
    {"file_damaged", "The file is damaged, or made so that it cannot be read.", Retry::never},
    {"file_locked",
     "The file is protected by a password. Take the password off and upload it again.",
     Retry::never},
    {"no_text", "There is no text in it. Scanned pages have to go through text recognition first.",
     Retry::never},
    {"too_large",
     "It holds more than can be read: too many pages, rows, passages or unpacked bytes.",
     Retry::never},
    {"took_too_long", "Reading it took longer than 20 seconds of computing time for one part.",
     Retry::never},
    {"too_much_memory", "Reading it needs more than 512 MB of memory.", Retry::never},
    {"interrupted", "The reading was interrupted.", Retry::later},
    {"extractor_failed", "The file could not be read because the reader failed.", Retry::later},
    {"sandbox_missing", "This server cannot shut files in safely, so it reads none.", Retry::never},
    {"fetch_failed", "The page could not be fetched.", Retry::later},
    {"page_gone", "The page does not exist (any more).", Retry::never},
    {"page_refused", "The site refuses to show this page.", Retry::never},
    {"address_refused", "This address is not one that may be fetched.", Retry::never},
    {"robots_disallow", "The site's robots.txt asks not to read this.", Retry::never},
    {"noindex", "The page asks not to be indexed.", Retry::never},
    {"no_pages", "No page was found: the sitemap names none that may be read.", Retry::never},
};

}  // namespace

std::span<const FailureInfo> failure_table() { return kFailures; }

const FailureInfo& failure_info(std::string_view code) {
  const auto find = [](std::string_view wanted) {
    return std::ranges::find(kFailures, wanted, &FailureInfo::code);
  };
  const auto found = find(code);
  return found != std::end(kFailures) ? *found : *find("extractor_failed");
}

void fail_with(std::string_view code) {
  const FailureInfo& info = failure_info(code);
  jobs::job_failed(info.code, PublicText(std::string(info.sentence)), info.retry);
}

}  // namespace chatpad::ingest

// knowledge.site: pages of the web.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "functions/shared/ingest/failures.h"
#include "functions/shared/ingest/ingest.h"
#include "runtime/base/log.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::ingest {
namespace {

using wire::Json;

constexpr size_t kUrlsAtOnce = 500;
constexpr uint64_t kCrawlPauseMs = 50;  // between two pages of one site

constexpr pg::Statement kAddPages{"ingest_add_pages",
                                  "select api.ingest_add_pages($1, $2, $3, $4, $5)"};
constexpr pg::Statement kNextPage{
    "ingest_next_page",
    "select url, etag, last_modified, hash, total, done, is_turn_over "
    "from api.ingest_next_page($1, $2, $3, $4)"};
constexpr pg::Statement kFinishPage{
    "ingest_finish_page",
    "select api.ingest_finish_page($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr pg::Statement kFinishSite{
    "ingest_finish_site",
    "select pages, read, failed, code from api.ingest_finish_site($1, $2, $3, $4)"};

struct Address {
  std::string origin;  // scheme://host:port as the URL has it, lower case
  std::string host;
  std::string path;  // with the query
};

std::optional<Address> take_apart(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const size_t begin = scheme + 3;
  const size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  Address address;
  address.origin = std::string(url.substr(0, end));
  std::ranges::transform(address.origin, address.origin.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  address.host = address.origin.substr(begin);
  address.path = std::string(url.substr(end, url.find('#', end) - end));
  if (address.path.empty() || address.path[0] != '/') address.path.insert(0, "/");
  return address;
}

// Of one site: the same host, with or without "www.".
bool is_same_site(const Address& a, const Address& b) {
  const auto bare = [](std::string_view host) {
    if (host.starts_with("www.")) host.remove_prefix(4);
    return host;
  };
  return bare(a.host) == bare(b.host);
}

// An ETag or a date as it may be sent back; what is none is forgotten.
std::string validator(std::string_view said) {
  const bool good = std::ranges::all_of(said, [](char c) { return c >= ' ' && c <= '~'; });
  return good ? std::string(said) : std::string();
}

bool has_prefix(const std::vector<std::string>& prefixes, std::string_view path) {
  return std::ranges::any_of(prefixes,
                             [&](const std::string& one) { return path.starts_with(one); });
}

std::string name_of(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  return std::string(url.substr(url.rfind('/') + 1)).substr(0, 255);
}

std::string code_of_status(int status) {
  if (status == 404 || status == 410) return "page_gone";
  if (status == 429 || status >= 500) return "fetch_failed";
  return "page_refused";
}

}  // namespace

struct Ingest::Site {
  Uuid source;
  SourceFacts facts;
  Address home;
  Robots robots;
  std::vector<std::string> include, exclude;
  int64_t pages_max = kSitePagesDefault;
  int64_t pages = 0;
  int sitemaps_left = kSitemapsReadMax;
  std::vector<std::string> maps;  // still to be read

  bool wants(const Address& address) const {
    if (!is_same_site(address, home) || !robots.allows(address.path)) return false;
    if (has_prefix(exclude, address.path)) return false;
    return include.empty() || has_prefix(include, address.path);
  }
};

namespace {

std::vector<std::string> texts(const Json& object, const char* name) {
  std::vector<std::string> out;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) return out;
  for (const Json& one : *found) {
    if (one.is_string()) out.push_back(one.get<std::string>());
  }
  return out;
}

}  // namespace

Task<void> Ingest::site(jobs::Job& job) {
  const std::optional<SourceFacts> facts = co_await source_of(job.facts().subject);
  if (!facts) co_return;
  Site site;
  site.source = job.facts().subject;
  site.facts = *facts;
  const auto home = take_apart(facts->url);
  if (!home) fail_with("address_refused");
  site.home = *home;
  const auto settings = wire::parse_json(facts->settings);
  if (settings) {
    site.include = texts(settings.value(), "include");
    site.exclude = texts(settings.value(), "exclude");
    site.pages_max = settings.value().value("pages_max", kSitePagesDefault);
  }
  const bool is_crawl = facts->type == "site";
  if (is_crawl) {
    Robots robots = co_await robots_of(site.home.origin);
    site.robots = std::move(robots);
  }
  if (job.facts().state.find("pages_known") == std::string::npos) {
    job.progress(0, std::nullopt, "Looking for pages");
    if (is_crawl) {
      co_await find_pages(job, site);
    } else {
      wire::JsonWriter one;
      one.array().object().field("loc", facts->url).end().end();
      pg::Params params = under(job, one.view(), 1);
      co_await pool_.once(pg::service_claims(), kAddPages, std::move(params));
    }
    co_await job.save(R"({"pages_known": true})");
  }
  co_await read_pages(job, site);
  pg::Params params = under(job, site.source);
  pg::Rows rows = co_await pool_.once(pg::service_claims(), kFinishSite, std::move(params));
  const int64_t pages = rows.integer(0, 0);
  const int64_t failed = rows.integer(0, 2);
  const std::string code = rows.str(0, 3);
  if (pages == 0 || (!is_crawl && failed > 0)) fail_with(code.empty() ? "no_pages" : code);
  std::string note = std::to_string(pages) + (pages == 1 ? " page" : " pages");
  note += ", " + std::to_string(rows.integer(0, 1)) + " read this time";
  if (failed > 0) note += ", " + std::to_string(failed) + " could not be read";
  job.progress(pages, pages, note);
  co_await job.save("{}");  // the last word is kept
}

Task<Robots> Ingest::robots_of(std::string origin) {
  const FetchedPage page = co_await fetch(origin + "/robots.txt", "", "");
  if (page.outcome == FetchedPage::Outcome::read) co_return Robots::parse(page.body);
  if (page.code == "fetch_failed") co_return Robots::nothing();
  if (page.code == "address_refused") fail_with(page.code);
  co_return Robots();
}

// The address may be a sitemap, or a page of the site whose sitemap is looked for.
Task<void> Ingest::find_pages(jobs::Job& job, Site& site) {
  const bool is_map = co_await read_sitemap(job, site, site.facts.url);
  if (!is_map) {
    site.maps = site.robots.sitemaps();
    if (site.maps.empty()) site.maps.push_back(site.home.origin + "/sitemap.xml");
  }
  while (!site.maps.empty() && site.sitemaps_left > 0 && site.pages < site.pages_max) {
    std::string next = std::move(site.maps.front());
    site.maps.erase(site.maps.begin());
    const auto address = take_apart(next);
    if (!address || !is_same_site(*address, site.home)) continue;
    const bool good = co_await read_sitemap(job, site, std::move(next));
    if (!good) log::Line(LogLevel::debug, "sitemap_not_read").field("job", job.facts().id.str());
  }
  if (site.pages > 0 || is_map) co_return;
  if (!site.robots.allows(site.home.path)) fail_with("robots_disallow");
  wire::JsonWriter one;
  one.array().object().field("loc", site.facts.url).end().end();
  pg::Params params = under(job, one.view(), 1);
  co_await pool_.once(pg::service_claims(), kAddPages, std::move(params));
}

// False when there is no sitemap at the address.
Task<bool> Ingest::read_sitemap(jobs::Job& job, Site& site, std::string url) {
  --site.sitemaps_left;
  FetchedPage page = co_await fetch(url, "", "");
  if (page.code == "address_refused") fail_with(page.code);
  if (page.outcome != FetchedPage::Outcome::read) co_return false;
  Child child(context_.loop(), {"--sitemap"});
  co_await child.write(std::move(page.body));
  child.end_input();
  bool is_index = false;
  std::string batch;
  size_t count = 0;
  for (;;) {
    const Event event = co_await next_event(child);
    if (event.kind == Event::Kind::failure) co_return false;
    if (event.kind == Event::Kind::document) {
      is_index = event.document.type == "application/sitemap-index";
    }
    const bool is_end = event.kind == Event::Kind::end;
    if (event.kind == Event::Kind::url) {
      const std::string loc = wire::parse_json(event.json).value()["loc"].get<std::string>();
      const auto address = take_apart(loc);
      if (is_index && address && is_same_site(*address, site.home)) {
        if (site.maps.size() < kSitemapsMax) site.maps.push_back(loc);
      } else if (address && loc.size() <= kPageUrlBytesMax && site.wants(*address)) {
        batch += (batch.empty() ? "[" : ",") + event.json;
        ++count;
      }
    }
    if (count >= kUrlsAtOnce || (is_end && count > 0)) {
      batch += ']';
      pg::Params params = under(job, batch, site.pages_max);
      pg::Rows rows = co_await pool_.once(pg::service_claims(), kAddPages, std::move(params));
      site.pages = rows.integer(0, 0);
      batch.clear();
      count = 0;
    }
    if (is_end || site.pages >= site.pages_max) co_return true;
  }
}

Task<void> Ingest::read_pages(jobs::Job& job, Site& site) {
  const uint64_t pause_ms =
      std::max<uint64_t>(kCrawlPauseMs, static_cast<uint64_t>(site.robots.crawl_delay_s()) * 1000);
  for (bool is_first = true;; is_first = false) {
    pg::Params params = under(job, site.source);
    pg::Rows rows = co_await pool_.once(pg::service_claims(), kNextPage, std::move(params));
    if (rows.empty()) co_return;
    if (!is_first && rows.boolean(0, 6)) jobs::job_yields();
    Known known;
    known.url = rows.str(0, 0);
    known.etag = rows.str(0, 1);
    known.last_modified = rows.str(0, 2);
    known.hash = rows.str(0, 3);
    const int64_t total = rows.integer(0, 4);
    const int64_t done = rows.integer(0, 5);
    job.progress(done, total,
                 "Reading page " + std::to_string(done + 1) + " of " + std::to_string(total));
    if (!is_first) co_await sleep_for(context_.loop(), pause_ms);
    co_await read_page(job, site, std::move(known));
  }
}

Task<void> Ingest::read_page(jobs::Job& job, Site& site, Known known) {
  FetchedPage page = co_await fetch(known.url, known.etag, known.last_modified);
  std::string outcome = page.outcome == FetchedPage::Outcome::unchanged ? "unchanged" : "failed";
  std::string code = page.code;
  std::string hash;
  Collected collected;
  if (page.outcome == FetchedPage::Outcome::read) {
    hash = wire::sha256_hex(page.body);
    if (hash == known.hash) {
      outcome = "unchanged";
    } else {
      try {
        Child child(context_.loop(), {"--name", name_of(known.url), "--type", page.media_type});
        co_await child.write(std::move(page.body));
        child.end_input();
        collected = co_await collect(job, child, known.url, 0);
        outcome = "read";
        if (collected.count == 0) code = "no_text";
        if (collected.document.noindex && site.facts.type == "site") code = "noindex";
        if (!code.empty()) outcome = "failed";
      } catch (const jobs::JobFailure& failure) {  // one page more or less
        code = failure.code();
      } catch (const Raised& raised) {
        if (raised.error().errc != Errc::validation_failed) throw;
        code = "file_damaged";
      }
    }
  }
  std::optional<std::string> why;
  if (outcome == "failed") why = code;
  pg::Params params = under(job, site.source, known.url, outcome, why, collected.document.title,
                            page.etag, page.last_modified, hash);
  bool refused = false;
  try {
    co_await pool_.once(pg::service_claims(), kFinishPage, std::move(params));
  } catch (const Raised& raised) {  // what PostgreSQL does not take is one page less, too
    if (raised.error().errc != Errc::validation_failed) throw;
    refused = true;
  }
  if (!refused) co_return;
  pg::Params failed = under(job, site.source, known.url, "failed", "file_damaged", std::nullopt,
                            std::nullopt, std::nullopt, std::nullopt);
  co_await pool_.once(pg::service_claims(), kFinishPage, std::move(failed));
}

Task<FetchedPage> Ingest::fetch(std::string url, std::string etag, std::string last_modified) {
  http::SafeRequest request;
  request.url = std::move(url);
  request.headers = {"User-Agent: chatpad (+" + context_.config().public_url + ")",
                     "Accept: text/html,application/xhtml+xml,application/pdf,*/*;q=0.8"};
  if (!etag.empty()) request.headers.push_back("If-None-Match: " + etag);
  if (!last_modified.empty()) request.headers.push_back("If-Modified-Since: " + last_modified);
  request.response_bytes_max = kPageBytesMax;
  request.total_ms = kPageMs;
  FetchedPage page;
  try {
    http::Response response = co_await http::safe_fetch(client_, std::move(request));
    const int status = response.head.status;
    if (status == 304) {
      page.outcome = FetchedPage::Outcome::unchanged;
    } else if (status == 200) {
      page.outcome = FetchedPage::Outcome::read;
      page.media_type = response.head.header("content-type");
      page.etag = validator(response.head.header("etag"));
      page.last_modified = validator(response.head.header("last-modified"));
      page.body = std::move(response.body);
    } else {
      page.code = code_of_status(status);
    }
  } catch (const Raised& raised) {
    page.code = raised.error().errc == Errc::validation_failed ? "address_refused" : "fetch_failed";
  }
  co_return page;
}

}  // namespace chatpad::ingest

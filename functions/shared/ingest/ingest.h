// Ingest: the jobs that make knowledge of files and of what is on the web. One per program, beside
// its job runner, on the first loop.
//
//   knowledge.file   an uploaded file: its parts go to the extractor, its passages into a staging
//                    table, and at the end all of them replace what was there, in one transaction
//   knowledge.site   a page, or the pages of a sitemap: fetched one after the other, each replacing
//   its
//                    own passages; what has not changed (ETag, Last-Modified, SHA-256) is left
//                    alone, what the site does not have any more is forgotten
//
// Resumable: a file goes on behind the last run of pages that was staged (kPagesPerRun of the
// extractor), a site at the first page that is not done. A site that is at it for more than three
// minutes while another account waits lets that one have its turn. Memory is bounded by one part of
// a file, one fetched page and one batch of passages. Everything fetched goes through safe_fetch.
// Errors: the codes of failures.h. Limits: below, and those of extraction.h and child.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "functions/shared/ingest/extraction.h"
#include "functions/shared/ingest/robots.h"
#include "runtime/edge/context.h"
#include "runtime/http/safe_fetch.h"
#include "runtime/jobs/job_runner.h"

namespace chatpad::ingest {

constexpr size_t kFileBytesMax = 25 * 1024 * 1024;
constexpr size_t kFilePartBytes = 256 * 1024;
constexpr size_t kPageBytesMax = 10 * 1024 * 1024;
constexpr size_t kPageUrlBytesMax = 2'047;  // as knowledge_documents.url
constexpr uint64_t kPageMs = 30'000;
constexpr int64_t kSitePagesDefault = 200;
constexpr int64_t kSitePagesMax = 5'000;
constexpr int kSitemapsReadMax = 50;

// The parameters of a statement of a job: PostgreSQL lets it through only while this attempt has
// the job.
template <class... T>
pg::Params under(const jobs::Job& job, T&&... more) {
  const jobs::JobFacts& facts = job.facts();
  return pg::Params(facts.id, facts.worker, facts.attempt, std::forward<T>(more)...);
}

struct SourceFacts {
  std::string type;
  std::string title;
  std::string url;
  std::string file_name;
  std::string media_type;
  std::string settings;  // a JSON object
  int64_t parts = 0;
};

// What one run of the extractor gave.
struct Collected {
  DocumentInfo document;
  int64_t count = 0;  // passages staged, those of earlier runs with them
  std::string next;   // a place to go on from; empty at the end
};

struct FetchedPage {
  enum class Outcome : uint8_t { read, unchanged, failed };
  Outcome outcome = Outcome::failed;
  std::string code;  // of a failure
  std::string body, media_type, etag, last_modified;
};

class Ingest {
 public:
  explicit Ingest(edge::Context& context);

  void attach(jobs::JobRunner& runner);
  // Starts what the schedules of sources say; called by the housekeeping.
  Task<void> start_due();

 private:
  struct Site;
  struct Known {
    std::string url, etag, last_modified, hash;
  };

  Task<void> file(jobs::Job& job);
  Task<void> site(jobs::Job& job);
  Task<void> find_pages(jobs::Job& job, Site& site);
  Task<bool> read_sitemap(jobs::Job& job, Site& site, std::string url);
  Task<void> read_pages(jobs::Job& job, Site& site);
  Task<void> read_page(jobs::Job& job, Site& site, Known known);
  Task<FetchedPage> fetch(std::string url, std::string etag, std::string last_modified);
  Task<Robots> robots_of(std::string origin);
  Task<std::optional<SourceFacts>> source_of(Uuid id);
  Task<void> feed_file(Child& child, Uuid source, int64_t parts);
  Task<Collected> collect(jobs::Job& job, Child& child, std::string document, int64_t first);

  edge::Context& context_;
  pg::Pool& pool_;
  http::SafeClient client_;
};

}  // namespace chatpad::ingest

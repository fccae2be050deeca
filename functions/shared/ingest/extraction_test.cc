#include "functions/shared/ingest/extraction.h"

#include <gtest/gtest.h>

namespace chatpad::ingest {
namespace {

using Kind = Event::Kind;

TEST(ExtractorLine, of_each_kind_is_read) {
  const Event document = read_event(
      R"({"document":{"type":"application/pdf","title":"T","pages":3,"noindex":false}})");
  EXPECT_EQ(document.kind, Kind::document);
  EXPECT_EQ(document.document.pages, 3);
  const Event passage =
      read_event(R"({"passage":{"heading":"H","page":2,"content":"Words.","start":0,"end":6}})");
  EXPECT_EQ(passage.kind, Kind::passage);
  EXPECT_EQ(passage.page, 2);
  EXPECT_EQ(passage.json, R"({"heading":"H","page":2,"content":"Words.","start":0,"end":6})");
  EXPECT_EQ(read_event(R"({"url":{"loc":"https://x.example/","lastmod":""}})").kind, Kind::url);
  EXPECT_EQ(read_event(R"({"end":{"next":null}})").json, "");
  EXPECT_EQ(read_event(R"({"end":{"next":{"page":9}}})").json, R"({"page":9})");
  EXPECT_EQ(read_event(R"({"failure":"file_locked"})").code, "file_locked");
}

TEST(ExtractorLine, that_is_not_one_is_not_believed) {
  for (const std::string_view line :
       {"", "{}", "[]", "x", R"({"failure":"made_up"})", R"({"passage":{}})", R"({"passage":[]})",
        R"({"end":1})", R"({"end":{},"url":{}})",
        R"({"document":{"type":"x","title":"y","pages":-1,"noindex":false}})",
        R"({"document":{"type":1,"title":"y","pages":1,"noindex":false}})",
        R"({"passage":{"heading":"H","page":2,"content":"","start":0,"end":6}})",
        R"({"passage":{"heading":"H","page":2,"content":"x","start":7,"end":6}})",
        R"({"passage":{"heading":"H","page":1e99,"content":"x","start":0,"end":6}})",
        R"({"passage":{"heading":"H","page":1,"content":"\u0000","start":0,"end":6}})"}) {
    const Event event = read_event(line);
    EXPECT_EQ(event.kind, Kind::failure) << line;
    EXPECT_EQ(event.code, "extractor_failed") << line;
  }
  const Event large =
      read_event(R"({"passage":{"heading":"","page":1,"content":")" +
                 std::string(kPassageBytesMax + 1, 'x') + R"(","start":0,"end":6}})");
  EXPECT_EQ(large.code, "too_large");
}

}  // namespace
}  // namespace chatpad::ingest

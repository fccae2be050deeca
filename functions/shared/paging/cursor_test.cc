#include "functions/shared/paging/cursor.h"

#include <gtest/gtest.h>

namespace chatpad::functions {
namespace {

// What private.cursor('2026-11-20 16:45:18.665123+00', 'a0000000-0000-4000-8000-0000000000ff')
// gives.
constexpr std::string_view kGolden = "AAZgt_gkKaOgAAAAAABAAIAAAAAAAAD_";

wire::Fields fields(const std::string& body) { return wire::Fields::parse(body).or_raise(); }

std::string refused(const std::string& body) {
  try {
    Cursor::read(fields(body));
  } catch (const Raised& raised) {
    return raised.error().details;
  }
  return "";
}

TEST(Cursor, ReadsWhatSqlWrites) {
  const std::optional<Cursor> cursor = Cursor::parse(kGolden);
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->at_us, 1795193118665123);
  EXPECT_EQ(cursor->id->str(), "a0000000-0000-4000-8000-0000000000ff");
}

TEST(Cursor, IsTheFirstPageWhenAbsentOrNull) {
  EXPECT_FALSE(Cursor::read(fields("{}")).at_us);
  EXPECT_FALSE(Cursor::read(fields(R"({"cursor":null})")).id);
}

TEST(Cursor, AnythingElseIsRefusedWithTheFieldsName) {
  for (const char* body :
       {R"({"cursor":""})", R"({"cursor":7})", R"({"cursor":{}})", R"({"cursor":"abc"})",
        R"({"cursor":"________________________________"})",   // a time beyond the year 9999
        R"({"cursor":"__mfSAfb1l2gAAAAAABAAIAAAAAAAAD_"})",   // a negative time
        R"({"cursor":"AAZgt_gkKaOgAAAAAABAAIAAAAAAAAD/"})",   // the other base64
        R"({"cursor":"AAZgt_gkKaOgAAAAAABAAIAAAAAAAAD_A"})",  // too long
        R"({"cursor":"AAZkcGjjpKOgAAAAAABAAIAAAAAAAA=="})",
        R"({"cursor":"' or 1=1 --                     "})"}) {
    EXPECT_EQ(refused(body), "cursor") << body;
  }
}

TEST(Cursor, ThePageHasFiftyRowsUnlessItSaysAnotherNumberUpToAHundred) {
  EXPECT_EQ(read_page_limit(fields("{}")), 50);
  EXPECT_EQ(read_page_limit(fields(R"({"limit":1})")), 1);
  EXPECT_EQ(read_page_limit(fields(R"({"limit":100})")), 100);
  for (const char* body : {R"({"limit":0})", R"({"limit":101})", R"({"limit":-1})",
                           R"({"limit":1.5})", R"({"limit":"5"})"}) {
    EXPECT_THROW(read_page_limit(fields(body)), Raised) << body;
  }
}

}  // namespace
}  // namespace chatpad::functions

#include "extract/csv.h"

#include <gtest/gtest.h>

namespace chatpad::extract {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows read(std::string_view text, char delimiter = ',', size_t cells_max = 10) {
  CsvReader reader(text, delimiter, cells_max);
  Rows rows;
  std::vector<std::string> row;
  while (reader.next(row)) rows.push_back(row);
  return rows;
}

TEST(Csv, ReadsQuotesLineBreaksAndEmptyCells) {
  EXPECT_EQ(read("a,b\r\n\"1,2\",\"say \"\"x\"\"\nagain\"\n\n,\n\"\"\n"),
            (Rows{{"a", "b"}, {"1,2", "say \"x\"\nagain"}, {"", ""}, {""}}));
  EXPECT_EQ(read("a;b", ';'), (Rows{{"a", "b"}}));
}

TEST(Csv, KeepsWhatNoRuleCovers) {
  EXPECT_EQ(read("a\"b,\"c"), (Rows{{"a\"b", "c"}}));
  EXPECT_EQ(read("1,2,3,4", ',', 2), (Rows{{"1", "2"}}));
  EXPECT_TRUE(read("\n\r\n").empty());
}

TEST(Csv, FindsTheDelimiterThatTheLinesAgreeOn) {
  EXPECT_EQ(csv_delimiter("a;b;c\n1,5;2;3\n"), ';');
  EXPECT_EQ(csv_delimiter("a\tb\n1\t2\n"), '\t');
  EXPECT_EQ(csv_delimiter("Dear all,\nthis is a letter, not a table.\n"), '\0');
  EXPECT_EQ(csv_delimiter("only one line, of text"), '\0');
  EXPECT_EQ(csv_delimiter(""), '\0');
}

}  // namespace
}  // namespace chatpad::extract

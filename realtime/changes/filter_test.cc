#include "realtime/changes/filter.h"

#include <gtest/gtest.h>

namespace chatpad::realtime {
namespace {

std::vector<Condition> parsed(std::string_view text) {
  Result<std::vector<Condition>> result = parse_filter(text);
  EXPECT_TRUE(result.ok()) << text;
  return result ? std::move(*result) : std::vector<Condition>();
}

ColumnType type_of(TypeKind kind, std::string name = "t") {
  ColumnType type;
  type.kind = kind;
  type.name = std::move(name);
  return type;
}

Answer judge(std::string_view filter, TypeKind kind, std::optional<std::string_view> value) {
  const std::vector<Condition> conditions = parsed(filter);
  return conditions.empty() ? Answer::no : matches(conditions.front(), type_of(kind), value);
}

TEST(Filter, blank_text_is_no_filter) {
  EXPECT_TRUE(parsed("").empty());
  EXPECT_TRUE(parsed("  \t\n").empty());
}

TEST(Filter, conditions_are_split_at_commas_outside_of_quotes_and_parentheses) {
  const auto conditions = parsed(R"(a=eq.1,b=in.(x,"y,z",w),c=not.like."a,\"b\\",d=is.null)");
  ASSERT_EQ(conditions.size(), 4u);
  EXPECT_EQ(conditions[0].column, "a");
  EXPECT_EQ(conditions[0].values, std::vector<std::string>{"1"});
  EXPECT_EQ(conditions[1].values, (std::vector<std::string>{"x", "y,z", "w"}));
  EXPECT_EQ(conditions[2].values, std::vector<std::string>{R"(a,"b\)"});
  EXPECT_EQ(conditions[2].negated, Negated::yes);
  EXPECT_EQ(conditions[3].op, FilterOp::is);
}

TEST(Filter, a_quote_inside_a_value_is_a_character) {
  EXPECT_EQ(parsed(R"(a=eq.5"x)")[0].values.front(), R"(5"x)");
  EXPECT_EQ(parsed("a=eq.b=c.d")[0].values.front(), "b=c.d");
  EXPECT_EQ(parsed("a=eq.")[0].values.front(), "");
}

TEST(Filter, nonsense_is_refused_with_a_sentence) {
  const std::string many = "a=in.(" + std::string(200, ',') + ")";
  const std::string deep(10'000, '(');
  for (const std::string text :
       {"a", "=eq.1", "a=1", "a=eq", "a=between.1", "a=in.1", "a=in.()", "a=eq.\"x", "a=eq.\"x\"y",
        "a=in.(\"x)", "a=not.not.eq.1", ",", "a=eq.1,", many.c_str(), deep.c_str(), "a=EQ.1"}) {
    const auto result = parse_filter(text);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_TRUE(result.error().message.value.starts_with("Error parsing `filter` params: "));
  }
  EXPECT_FALSE(parse_filter(std::string_view("a=eq.\0", 6)));
  EXPECT_FALSE(parse_filter(std::string(kFilterBytesMax + 1, 'x')));
}

TEST(Filter, numbers_compare_as_numbers) {
  EXPECT_EQ(judge("n=lt.10", TypeKind::integer, "9"), Answer::yes);
  EXPECT_EQ(judge("n=gte.-5", TypeKind::integer, "-6"), Answer::no);
  EXPECT_EQ(judge("n=eq.1.50", TypeKind::numeric, "1.5"), Answer::yes);
  EXPECT_EQ(judge("n=gt.99999999999999999999.1", TypeKind::numeric, "99999999999999999999.2"),
            Answer::yes);
  EXPECT_EQ(judge("n=lt.-1", TypeKind::numeric, "-1.01"), Answer::yes);
  EXPECT_EQ(judge("n=eq.0", TypeKind::numeric, "-0.00"), Answer::yes);
  EXPECT_EQ(judge("n=gt.5", TypeKind::numeric, "NaN"), Answer::yes);
  EXPECT_EQ(judge("n=eq.NaN", TypeKind::floating, "NaN"), Answer::yes);
  EXPECT_EQ(judge("n=lt.Infinity", TypeKind::floating, "1e300"), Answer::yes);
}

TEST(Filter, times_compare_as_times) {
  const auto at = TypeKind::timestamptz;
  EXPECT_EQ(judge("t=lt.2026-01-01 00:00:00.5+00", at, "2026-01-01 00:00:00+00"), Answer::yes);
  EXPECT_EQ(judge("t=gt.9999-01-01 00:00:00+00", at, "10000-01-01 00:00:00+00"), Answer::yes);
  EXPECT_EQ(judge("t=lt.0001-01-01 00:00:00+00", at, "0044-03-15 00:00:00+00 BC"), Answer::yes);
  EXPECT_EQ(judge("t=lt.infinity", at, "2026-01-01 00:00:00+00"), Answer::yes);
  EXPECT_EQ(judge("t=gt.-infinity", TypeKind::date, "2026-01-01"), Answer::yes);
}

TEST(Filter, null_satisfies_only_is_and_isdistinct) {
  for (const char* text : {"a=eq.1", "a=not.eq.1", "a=neq.1", "a=in.(1)", "a=not.in.(1)",
                           "a=like.%", "a=not.like.%", "a=is.true", "a=not.isdistinct.1"}) {
    EXPECT_EQ(judge(text, TypeKind::text, std::nullopt), Answer::no) << text;
  }
  EXPECT_EQ(judge("a=is.null", TypeKind::text, std::nullopt), Answer::yes);
  EXPECT_EQ(judge("a=not.is.true", TypeKind::boolean, std::nullopt), Answer::yes);
  EXPECT_EQ(judge("a=is.unknown", TypeKind::boolean, std::nullopt), Answer::yes);
  EXPECT_EQ(judge("a=isdistinct.1", TypeKind::text, std::nullopt), Answer::yes);
  EXPECT_EQ(judge("a=isdistinct.null", TypeKind::text, std::nullopt), Answer::no);
  EXPECT_EQ(judge("a=isdistinct.null", TypeKind::text, "x"), Answer::yes);
}

TEST(Filter, what_bytes_cannot_answer_is_asked) {
  EXPECT_EQ(judge("a=match.^x", TypeKind::text, "x"), Answer::ask);
  EXPECT_EQ(judge("a=lt.x", TypeKind::text, "y"), Answer::ask);
  EXPECT_EQ(judge("a=ilike.\xc3\xa4", TypeKind::text, "\xc3\x84"), Answer::ask);
  EXPECT_EQ(judge("a=eq.{}", TypeKind::json, "{}"), Answer::ask);
  EXPECT_EQ(judge("a=gt.sad", TypeKind::label, "glad"), Answer::ask);
  EXPECT_EQ(judge("a=eq.sad", TypeKind::label, "sad"), Answer::yes);
  const std::string long_text(3'000'000, 'a');
  EXPECT_EQ(judge("a=like.%a%a%b", TypeKind::text, long_text), Answer::ask);
}

TEST(Filter, operators_have_to_fit_the_type) {
  const auto fits = [](std::string_view filter, TypeKind kind, std::string name = "t") {
    return check_condition(parsed(filter).front(), type_of(kind, std::move(name))).ok();
  };
  EXPECT_FALSE(fits("a=like.x", TypeKind::integer));
  EXPECT_TRUE(fits("a=imatch.x", TypeKind::other, "citext"));
  EXPECT_FALSE(fits("a=is.true", TypeKind::text));
  EXPECT_FALSE(fits("a=is.maybe", TypeKind::boolean));
  EXPECT_TRUE(fits("a=is.null", TypeKind::json));
}

TEST(Like, follows_sql) {
  EXPECT_TRUE(like("alpha", "al%"));
  EXPECT_TRUE(like("alpha", "%p_a"));
  EXPECT_FALSE(like("alpha", "al"));
  EXPECT_TRUE(like("", "%%"));
  EXPECT_TRUE(like("100%", "100\\%"));
  EXPECT_FALSE(like("100x", "100\\%"));
  EXPECT_TRUE(like("h\xc3\xa4llo", "h_llo"));
  EXPECT_TRUE(like("a\\", "a\\"));
  EXPECT_TRUE(like(std::string(2000, 'a') + "b", "%a%a%b"));
}

}  // namespace
}  // namespace chatpad::realtime

#include "runtime/pg/sqlstate.h"

#include <gtest/gtest.h>

#include "runtime/pg/types.h"

namespace chatpad::pg {
namespace {

TEST(Sqlstate, has_a_class_for_every_kind_of_failure) {
  const std::pair<const char*, Errc> expected[] = {{"23505", Errc::conflict},
                                                   {"23503", Errc::conflict},
                                                   {"23514", Errc::validation_failed},
                                                   {"23502", Errc::validation_failed},
                                                   {"22P02", Errc::validation_failed},
                                                   {"22001", Errc::validation_failed},
                                                   {"40001", Errc::conflict},
                                                   {"40P01", Errc::conflict},
                                                   {"42501", Errc::forbidden},
                                                   {"57014", Errc::deadline_exceeded},
                                                   {"57P01", Errc::database_unavailable},
                                                   {"57P03", Errc::database_unavailable},
                                                   {"53300", Errc::database_unavailable},
                                                   {"25006", Errc::database_unavailable},
                                                   {"08006", Errc::database_unavailable},
                                                   {"53200", Errc::overloaded},
                                                   {"42P01", Errc::internal},
                                                   {"XX000", Errc::internal},
                                                   {"P0001", Errc::internal},
                                                   {"", Errc::internal},
                                                   {"2", Errc::internal}};
  for (const auto& [sqlstate, errc] : expected) {
    EXPECT_EQ(errc_from_sqlstate(sqlstate), errc) << sqlstate;
  }
}

TEST(Sqlstate, makes_public_only_what_private_fail_said) {
  const Error said = error_from_fields("CP000", "Not found.", "not_found", "Look again.");
  EXPECT_EQ(said.errc, Errc::not_found);
  EXPECT_EQ(said.message.value, "Not found.");
  EXPECT_EQ(said.details, "Look again.");
  const Error later = error_from_fields("CP000", "Wait.", "too_many_requests", "retry_after_s=42");
  EXPECT_EQ(later.retry_after_s, 42);
  EXPECT_EQ(later.details, "");
  EXPECT_EQ(error_from_fields("CP000", "Wait.", "conflict", "retry_after_s=x").retry_after_s, 0);
  const Error unknown = error_from_fields("CP000", "secret", "nonsense", "secret");
  EXPECT_EQ(unknown.errc, Errc::internal);
  EXPECT_TRUE(unknown.message.value.empty() && unknown.details.empty());
  const Error server =
      error_from_fields("23505", "duplicate key \"k\"", "Key (email)=(a@b.c)", "hint");
  EXPECT_TRUE(server.message.value.empty() && server.details.empty());
  EXPECT_EQ(server.cause.value, "23505 duplicate key \"k\"");
}

TEST(Params, keep_the_text_form_of_what_they_are_given) {
  const std::optional<int> none;
  const std::optional<std::string> some("x");
  const Params params("a", std::string("b"), 7, int64_t{-1}, true, false, none, some, std::nullopt,
                      Uuid());
  const auto& values = params.values();
  ASSERT_EQ(values.size(), 10u);
  EXPECT_EQ(values[2], "7");
  EXPECT_EQ(values[3], "-1");
  EXPECT_EQ(values[4], "t");
  EXPECT_EQ(values[5], "f");
  EXPECT_FALSE(values[6].has_value());
  EXPECT_EQ(values[7], "x");
  EXPECT_FALSE(values[8].has_value());
  EXPECT_EQ(values[9], "00000000-0000-0000-0000-000000000000");
}

TEST(Rows, are_empty_without_a_result) {
  const Rows rows;
  EXPECT_TRUE(rows.empty());
  EXPECT_EQ(rows.affected(), 0);
  EXPECT_EQ(role_name(Role::api_key), "api_key");
}

}  // namespace
}  // namespace chatpad::pg

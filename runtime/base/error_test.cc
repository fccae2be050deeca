#include "runtime/base/error.h"

#include <gtest/gtest.h>

#include <cctype>
#include <memory>
#include <set>

namespace chatpad {
namespace {

TEST(Error, EveryCodeHasAnHonestRow) {
  std::set<std::string_view> codes;
  for (const ErrorInfo& row : error_table()) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.code << " appears twice";
    EXPECT_GE(row.http_status, 400) << row.code;
    EXPECT_LT(row.http_status, 600) << row.code;
    EXPECT_FALSE(row.hint.empty()) << row.code;
    for (const char c : row.code) {
      EXPECT_TRUE(std::islower(static_cast<unsigned char>(c)) || c == '_') << row.code;
    }
    EXPECT_EQ(&error_info(row.errc), &row);
    EXPECT_EQ(errc_from_code(row.code), row.errc);
  }
}

TEST(Error, UnknownCodesAreNotFound) {
  EXPECT_EQ(errc_from_code(""), std::nullopt);
  EXPECT_EQ(errc_from_code("Internal"), std::nullopt);
  EXPECT_EQ(errc_from_code("no_such_code"), std::nullopt);
}

TEST(Error, WhatMayHelpLaterIsMarkedForRetry) {
  EXPECT_TRUE(error_info(Errc::too_many_requests).retry);
  EXPECT_TRUE(error_info(Errc::database_unavailable).retry);
  EXPECT_FALSE(error_info(Errc::validation_failed).retry);
  EXPECT_FALSE(error_info(Errc::forbidden).retry);
}

TEST(Error, RaiseCarriesBothTextsAndKeepsThemApart) {
  try {
    raise(Errc::conflict, PublicText("for the client"), LogText("for the log"));
  } catch (const Raised& raised) {
    EXPECT_EQ(raised.error().errc, Errc::conflict);
    EXPECT_EQ(raised.error().message.value, "for the client");
    EXPECT_EQ(raised.error().cause.value, "for the log");
    EXPECT_STREQ(raised.what(), "conflict");
    return;
  }
  FAIL() << "nothing was raised";
}

TEST(Result, HoldsAValueOrAnError) {
  Result<int> good = 5;
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(*good, 5);
  EXPECT_EQ(std::move(good).or_raise(), 5);
  Result<int> bad = Error(Errc::not_found);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().errc, Errc::not_found);
  EXPECT_THROW(std::move(bad).or_raise(), Raised);
}

TEST(Result, MovesValuesThatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> value = std::move(result).or_raise();
  EXPECT_EQ(*value, 7);
}

TEST(Result, OfNothingIsGoodUntilItHoldsAnError) {
  Result<void> good;
  EXPECT_TRUE(good.ok());
  EXPECT_NO_THROW(std::move(good).or_raise());
  Result<void> bad = Error(Errc::internal);
  EXPECT_FALSE(bad);
  EXPECT_THROW(std::move(bad).or_raise(), Raised);
}

}  // namespace
}  // namespace chatpad

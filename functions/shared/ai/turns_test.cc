#include "functions/shared/ai/turns.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace chatpad::functions::ai {
namespace {

TEST(Turns, AnAccountHasItsShareAndNoMore) {
  Turns turns(2);
  std::vector<std::shared_ptr<const void>> held = {turns.take("a"), turns.take("a")};
  EXPECT_TRUE(held[0] && held[1]);
  EXPECT_FALSE(turns.take("a"));
  EXPECT_TRUE(turns.take("b")) << "another account does not wait for it";
  held.pop_back();
  EXPECT_TRUE(turns.take("a")) << "a turn that is over is free again";
}

TEST(Turns, NothingIsKeptOfWhoHasNone) {
  Turns turns(2);
  { const auto turn = turns.take("a"); }
  EXPECT_EQ(turns.accounts(), 0U);
}

TEST(Turns, ATurnMayOutliveThem) {
  std::optional<Turns> turns(2);
  const auto turn = turns->take("a");
  turns.reset();
  EXPECT_TRUE(turn);
}

}  // namespace
}  // namespace chatpad::functions::ai

#include <gtest/gtest.h>

#include "functions/shared/knowledge/index.h"

namespace chatpad::knowledge {
namespace {

Passage passage(std::string content, std::string url = "", const char* groups = "") {
  Passage made;
  made.content = std::move(content);
  made.url = std::move(url);
  if (*groups != '\0') made.access = read_access("rbac", "public", groups);
  return made;
}

TEST(Mentions, WhatStandsThereWordForWord) {
  const std::vector<Passage> passages = {
      passage("Call +49 (30) 123-4567, or write to help@shop.example."),
      passage("See <https://shop.example/returns?from=faq>.", "https://shop.example/faq"),
      passage("The phone of the shop rings often.")};
  const Index index(passages);
  const Audience nobody;
  for (const char* there : {"help@shop.example", "+49 (30) 123-4567", "https://shop.example/faq",
                            "https://shop.example/returns?from=faq"}) {
    EXPECT_TRUE(index.mentions(there, nobody)) << there;
  }
  for (const char* not_there :
       {"help@shop.examples", "shop@help.example", "+49 (30) 123 4567", "https://shop.example/x",
        "https://shop.example/returns?from=mail", "", "@", "the"}) {
    EXPECT_FALSE(index.mentions(not_there, nobody)) << not_there;
  }
}

TEST(Mentions, TellNobodyWhatTheyMayNotSee) {
  const std::vector<Passage> passages = {
      passage("The board is at 030 7654321.", "https://shop.example/board", "board"),
      passage("We are at 030 1111111.", "https://shop.example/us"),
      passage("Everybody's.", "https://shop.example/both"),
      passage("The board's.", "https://shop.example/both", "board")};
  const Index index(passages);
  const Audience nobody;
  const Audience board{false, {"board"}};
  for (const char* hidden : {"030 7654321", "https://shop.example/board"}) {
    EXPECT_FALSE(index.mentions(hidden, nobody)) << hidden;
    EXPECT_TRUE(index.mentions(hidden, board)) << hidden;
  }
  EXPECT_TRUE(index.mentions("030 1111111", nobody));
  EXPECT_TRUE(index.mentions("https://shop.example/both", nobody));
}

}  // namespace
}  // namespace chatpad::knowledge

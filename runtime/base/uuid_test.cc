#include "runtime/base/uuid.h"

#include <gtest/gtest.h>

#include <set>
#include <unordered_set>

namespace chatpad {
namespace {

constexpr char kText[] = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

TEST(UuidTest, ReadsAnyCaseAndPrintsLowerCase) {
  EXPECT_EQ(Uuid::parse(kText)->str(), kText);
  EXPECT_EQ(Uuid::parse("6BA7B810-9DAD-11D1-80B4-00C04FD430C8")->str(), kText);
  EXPECT_EQ(Uuid::parse("6BA7B810-9DAD-11D1-80B4-00C04FD430C8"), Uuid::parse(kText));
}

TEST(UuidTest, RefusesEveryOtherForm) {
  const std::string text = kText;
  for (const std::string& bad :
       {std::string(), text + "0", text.substr(1), "{" + text + "}", "urn:uuid:" + text,
        std::string("6ba7b8109dad11d180b400c04fd430c8"), std::string(36, '-'), std::string(36, '0'),
        std::string("6ba7b810-9dad-11d1-80b4-00c04fd430cg"),
        std::string("6ba7b8109-dad-11d1-80b4-00c04fd430c8"),
        std::string("6ba7b810_9dad_11d1_80b4_00c04fd430c8"), " " + text.substr(1),
        text.substr(0, 35) + "\n", text.substr(0, 35) + std::string(1, '\0')}) {
    EXPECT_EQ(Uuid::parse(bad), std::nullopt) << bad;
  }
}

TEST(UuidTest, RandomOnesAreVersionFourAndDiffer) {
  std::unordered_set<Uuid> seen;
  for (int i = 0; i < 2000; ++i) {
    const Uuid id = Uuid::random();
    EXPECT_EQ(id.str()[14], '4');
    EXPECT_NE(std::string("89ab").find(id.str()[19]), std::string::npos);
    EXPECT_EQ(Uuid::parse(id.str()), id);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(UuidTest, OrderIsTheOrderOfTheText) {
  std::set<Uuid> ids;
  std::set<std::string> texts;
  for (int i = 0; i < 200; ++i) {
    const Uuid id = Uuid::random();
    ids.insert(id);
    texts.insert(id.str());
  }
  auto text = texts.begin();
  for (const Uuid& id : ids) EXPECT_EQ(id.str(), *text++);
  EXPECT_TRUE(Uuid().is_nil());
  EXPECT_FALSE(Uuid::parse(kText)->is_nil());
}

TEST(RandomBytes, FillsTheWholeBuffer) {
  std::string bytes(5000, '\0');
  random_bytes(bytes.data(), bytes.size());
  EXPECT_GT(std::set<char>(bytes.begin(), bytes.end()).size(), 200u);
}

}  // namespace
}  // namespace chatpad

#include "runtime/wire/sealed.h"

#include <gtest/gtest.h>

#include "runtime/wire/crypto.h"

namespace chatpad::wire {
namespace {

const std::string kOld = "the-old-key-0123456789-0123456789-0123456789";
const std::string kNew = "the-new-key-abcdefghij-abcdefghij-abcdefghij";
constexpr SealedFor kOurs{"a0000000-0000-4000-8000-000000000001", "account_secrets.openai"};

Keyring ring(const std::string& text) { return Keyring::parse(text).or_raise(); }

TEST(Sealed, WhatWasSealedOpensForItsOwnerAndPlaceOnly) {
  const Keyring keys = ring(kOld);
  const std::string sealed = keys.seal(kOurs, "sk-live-1234");
  EXPECT_EQ(keys.open(kOurs, sealed), "sk-live-1234");
  EXPECT_EQ(keys.open({"b0000000-0000-4000-8000-000000000001", kOurs.place}, sealed), std::nullopt);
  EXPECT_EQ(keys.open({kOurs.owner, "account_secrets.slack"}, sealed), std::nullopt);
  EXPECT_EQ(keys.open({"", ""}, sealed), std::nullopt);
}

TEST(Sealed, TheSameTextIsNeverSealedTheSame) {
  const Keyring keys = ring(kOld);
  EXPECT_NE(keys.seal(kOurs, "x"), keys.seal(kOurs, "x"));
}

TEST(Sealed, OwnerAndPlaceCannotFlowIntoEachOther) {
  const Keyring keys = ring(kOld);
  const std::string place = std::string("b\0c", 3);
  const std::string sealed = keys.seal({"a", place}, "x");
  EXPECT_EQ(keys.open({"a", place}, sealed), "x");
  EXPECT_EQ(keys.open({std::string_view("a\0b", 3), "c"}, sealed), std::nullopt);
}

TEST(Sealed, EveryChangedByteIsRefused) {
  const Keyring keys = ring(kOld);
  const std::string sealed = keys.seal(kOurs, "a secret");
  for (size_t i = 0; i < sealed.size(); ++i) {
    for (const char other : {'A', 'b', '.', '0', '\0'}) {
      if (sealed[i] == other) continue;
      std::string changed = sealed;
      changed[i] = other;
      EXPECT_EQ(keys.open(kOurs, changed), std::nullopt) << "at " << i;
    }
    EXPECT_EQ(keys.open(kOurs, sealed.substr(0, i)), std::nullopt);
  }
  EXPECT_EQ(keys.open(kOurs, sealed + "A"), std::nullopt);
  EXPECT_EQ(keys.open(kOurs, sealed + "="), std::nullopt);
}

TEST(Sealed, AnOldKeyOpensUntilItIsGone) {
  const std::string sealed = ring(kOld).seal(kOurs, "x");
  const Keyring both = ring(kNew + "," + kOld);
  EXPECT_EQ(both.open(kOurs, sealed), "x");
  EXPECT_EQ(both.key_id(), ring(kNew).key_id());
  EXPECT_EQ(sealed_key_id(both.seal(kOurs, "x")), ring(kNew).key_id());
  EXPECT_EQ(sealed_key_id(sealed), ring(kOld).key_id());
  EXPECT_TRUE(both.knows(*sealed_key_id(sealed)));
  EXPECT_EQ(ring(kNew).open(kOurs, sealed), std::nullopt);
}

TEST(Sealed, AKeyIdOfAnotherKeyDoesNotOpen) {
  const Keyring both = ring(kNew + "," + kOld);
  std::string sealed = ring(kOld).seal(kOurs, "x");
  sealed.replace(3, 16, both.key_id());
  EXPECT_EQ(both.open(kOurs, sealed), std::nullopt);
}

TEST(Sealed, NeitherTheKeyNorTheTextStandsInWhatIsStored) {
  const std::string sealed = ring(kOld).seal(kOurs, "a-very-recognisable-secret");
  EXPECT_EQ(sealed.find("recognisable"), std::string::npos);
  EXPECT_EQ(sealed.find(base64url_encode("recognisable")), std::string::npos);
  EXPECT_EQ(sealed.find(kOld.substr(0, 8)), std::string::npos);
}

TEST(Sealed, EmptyAndLargestTextsFit) {
  const Keyring keys = ring(kOld);
  EXPECT_EQ(keys.open(kOurs, keys.seal(kOurs, "")), "");
  const std::string largest(kSealedPlainBytesMax, 'x');
  EXPECT_EQ(keys.open(kOurs, keys.seal(kOurs, largest)), largest);
}

TEST(Sealed, UnusableKeysAreRefusedWithoutBeingRepeated) {
  for (const std::string& text : {std::string(), std::string("short"), kOld + ",", "," + kOld,
                                  kOld + "," + kOld, kOld + ",short", kOld.substr(0, 31)}) {
    const auto parsed = Keyring::parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().errc, Errc::validation_failed);
    EXPECT_EQ(parsed.error().message.value.find("old-key"), std::string::npos);
  }
  std::string many;
  for (size_t i = 0; i <= kSealingKeysMax; ++i) many += (i ? "," : "") + std::to_string(i) + kOld;
  EXPECT_FALSE(Keyring::parse(many).ok());
}

TEST(Sealed, WhatIsNoEnvelopeHasNoKeyId) {
  for (const char* text :
       {"", "v1.", "v1.0123456789abcdef", "v1.0123456789abcdef.", "v2.0123456789abcdef.AAAA",
        "v1.0123456789ABCDEF.AAAA", "v1.0123456789abcde..AAAA", "v1:0123456789abcdef:AAAA"}) {
    EXPECT_EQ(sealed_key_id(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace chatpad::wire

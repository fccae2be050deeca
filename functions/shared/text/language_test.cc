#include "functions/shared/text/language.h"

#include <gtest/gtest.h>

#include <string>

namespace chatpad::text {
namespace {

TEST(Language, knows_the_three_languages_apart) {
  EXPECT_EQ(detect_language("Where is the shop and when are you open?"), Language::english);
  EXPECT_EQ(detect_language("Wir liefern auch nach Österreich und in die Schweiz."),
            Language::german);
  EXPECT_EQ(detect_language("Nous livrons aussi dans les pays voisins."), Language::french);
  EXPECT_EQ(detect_language(""), Language::english);
}

TEST(Language, stems_by_language_and_leaves_other_things_alone) {
  EXPECT_EQ(stem("deliveries", Language::english), stem("delivery", Language::english));
  EXPECT_EQ(stem("lieferungen", Language::german), stem("lieferung", Language::german));
  EXPECT_EQ(stem("livraisons", Language::french), stem("livraison", Language::french));
  EXPECT_EQ(stem("mp3s", Language::english), "mp3s");
  EXPECT_EQ(stem(std::string(200, 'a'), Language::english), std::string(200, 'a'));
}

}  // namespace
}  // namespace chatpad::text

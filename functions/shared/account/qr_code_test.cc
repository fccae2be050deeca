#include "functions/shared/account/qr_code.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace chatpad::functions {
namespace {

TEST(QrCode, HasItsFinderPatternsInThreeCornersAndAMargin) {
  const std::string svg = qr_svg("x");  // the smallest code: 21 modules
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"116\""));
  EXPECT_NE(svg.find("viewBox=\"0 0 29 29\""), std::string::npos);
  EXPECT_NE(svg.find("M4 4h7v1h-7z"), std::string::npos);
  EXPECT_NE(svg.find("M18 4h7v1h-7z"), std::string::npos);
  EXPECT_NE(svg.find("M4 18h7v1h-7z"), std::string::npos);
  EXPECT_EQ(svg.find("M18 18h7v1h-7z"), std::string::npos);
  EXPECT_TRUE(svg.ends_with("fill=\"black\"/></svg>"));
}

TEST(QrCode, FitsIntoADataUrlAsItIs) {
  const std::string svg = qr_svg(std::string(kQrBytesMax, '%'));
  EXPECT_EQ(svg.find_first_of("#%\n'"), std::string::npos);
}

TEST(QrCode, RefusesWhatDoesNotFit) {
  EXPECT_THROW(qr_svg(std::string(kQrBytesMax + 1, 'x')), Raised);
}

}  // namespace
}  // namespace chatpad::functions

#include "functions/shared/account/qr_code.h"

#include <qrencode.h>

#include <memory>

#include "runtime/base/error.h"

namespace chatpad::functions {
namespace {

constexpr int kMargin = 4;
constexpr int kPixels = 4;  // the width of a module where the picture is shown as large as it is

struct Free {
  void operator()(QRcode* code) const { QRcode_free(code); }
};

std::string number(int value) { return std::to_string(value); }

}  // namespace

std::string qr_svg(std::string_view text) {
  if (text.size() > kQrBytesMax) {
    raise(Errc::validation_failed, PublicText("This is too long for a QR code."));
  }
  const std::unique_ptr<QRcode, Free> code(
      QRcode_encodeData(static_cast<int>(text.size()),
                        reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_M));
  if (!code) raise(Errc::internal, PublicText(), LogText("libqrencode makes no code"));
  const int width = code->width + 2 * kMargin;
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width * kPixels) +
                    "\" height=\"" + number(width * kPixels) + "\" viewBox=\"0 0 " + number(width) +
                    " " + number(width) + "\" shape-rendering=\"crispEdges\">" + "<rect width=\"" +
                    number(width) + "\" height=\"" + number(width) +
                    "\" fill=\"white\"/><path d=\"";
  for (int y = 0; y < code->width; ++y) {
    const unsigned char* const row = code->data + y * code->width;
    for (int x = 0; x < code->width; ++x) {
      int dark = 0;
      while (x + dark < code->width && (row[x + dark] & 1) != 0) ++dark;
      if (dark == 0) continue;
      svg += "M" + number(x + kMargin) + " " + number(y + kMargin) + "h" + number(dark) + "v1h-" +
             number(dark) + "z";
      x += dark;
    }
  }
  return svg + "\" fill=\"black\"/></svg>";
}

}  // namespace chatpad::functions

// A QR code as a picture: an SVG document without colours that would need '#', because clients put
// it into a data URL as it is. Error correction M, four modules of margin (ISO/IEC 18004).
#pragma once

#include <string>
#include <string_view>

namespace chatpad::functions {

constexpr size_t kQrBytesMax = 2048;  // a little below what the largest code of level M holds

// Raises validation_failed for more than kQrBytesMax bytes.
std::string qr_svg(std::string_view text);

}  // namespace chatpad::functions

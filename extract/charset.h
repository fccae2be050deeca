// Bytes to UTF-8: byte order marks, a named charset, else UTF-8, else windows-1252, which every
// byte string is. Malformed input becomes U+FFFD.
#pragma once

#include <string>
#include <string_view>

namespace chatpad::extract {

// The charset that an HTML page names in its first bytes, or `declared`; empty when there is none.
// Looks only; call it before the sandbox, whose inside opens no converter.
std::string find_charset(std::string_view bytes, std::string_view declared);

// Loads what poppler converts its texts with, which the inside of the sandbox could not.
void load_converters();

class Converter {
 public:
  // Opens the converter for a charset that is neither UTF-8 nor windows-1252.
  explicit Converter(const std::string& charset);
  ~Converter();
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  std::string to_utf8(std::string_view bytes) const;

 private:
  std::string charset_;
  void* iconv_ = nullptr;
};

// True when the bytes hold what no text has.
bool looks_binary(std::string_view bytes);

}  // namespace chatpad::extract

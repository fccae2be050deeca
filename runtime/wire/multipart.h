// multipart/form-data (RFC 7578, RFC 2046 5.1) as browsers and curl send it: the parts of a body in
// memory, as views into it.
//
//   const std::vector<Part> parts = parse_multipart(content_type, body).or_raise();
//
// Read: Content-Disposition with name and filename (quoted, with \" and %22; filename* is left
// alone, as RFC 7578 wants), Content-Type. Refused with Errc::bad_request: no boundary, a body that
// does not begin and end with it, a part without a name, more than kPartsMax parts, a head of more
// than kPartHeadBytesMax bytes. Transfer encodings are not undone; nobody sends them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::wire {

constexpr size_t kPartsMax = 32;
constexpr size_t kPartHeadBytesMax = 8 * 1024;
constexpr size_t kBoundaryBytesMax = 70;  // RFC 2046

struct Part {
  std::string name;
  std::string file_name;     // the last piece of a path; empty when there is none
  std::string content_type;  // empty when there is none
  std::string_view content;
};

bool is_multipart(std::string_view content_type);
Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace chatpad::wire

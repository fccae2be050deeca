// JSON (RFC 8259) from outside and to outside.
//
//   parse_json()   a DOM, for the few files that need one (they include json.hpp themselves)
//   check_json()   the same grammar and limits without building anything: for payloads passed on
//   dump()         a DOM back to text; broken UTF-8 becomes U+FFFD, it never throws
//   JsonWriter     builds replies piece by piece, without json.hpp
//
// HTTP handlers read bodies with Fields (fields.h) instead. Refused with Errc::bad_json: more
// nesting than depth_max, more bytes than bytes_max, repeated keys in one object (parse_json
// only), malformed UTF-8, lone surrogates, a byte order mark, anything after the value, numbers
// that are no finite double. Nothing here recurses, so no input can exhaust the stack.
#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/uuid.h"

namespace chatpad::wire {

using Json = nlohmann::json;

// PostgreSQL's jsonb and text cannot hold U+0000, so what ends there refuses its escape.
enum class NulEscape : uint8_t { allow, refuse };

constexpr int kJsonDepthMax = 64;                   // containers inside each other
constexpr int kJsonDepthCeiling = 256;              // what depth_max may be raised to
constexpr size_t kJsonBytesMax = 16 * 1024 * 1024;  // callers with a smaller body limit check first

struct JsonLimits {
  int depth_max = kJsonDepthMax;
  size_t bytes_max = kJsonBytesMax;
  NulEscape nul = NulEscape::allow;
};

Result<Json> parse_json(std::string_view text, JsonLimits limits = {});
Result<void> check_json(std::string_view text, JsonLimits limits = {});
std::string dump(const Json& value);

// Appends `text` as a JSON string, quotes included. Malformed UTF-8 becomes U+FFFD; U+2028 and
// U+2029 are escaped, so the result may stand in a script as well.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

// Writes one JSON value. Commas are its business, nesting is the caller's:
//
//   JsonWriter w;
//   w.object().field("id", id).array("items").value(1).value("two").end().end();
//   std::string body = std::move(w).str();
//
// `raw` text is trusted to be JSON already.
class JsonWriter {
 public:
  JsonWriter() { out_.reserve(256); }

  JsonWriter& object();
  JsonWriter& array();
  JsonWriter& object(std::string_view name) { return key(name).object(); }
  JsonWriter& array(std::string_view name) { return key(name).array(); }
  // Closes the innermost object or array.
  JsonWriter& end();

  JsonWriter& key(std::string_view name);
  JsonWriter& raw(std::string_view json);
  JsonWriter& null() { return raw("null"); }

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(const Uuid& id) { return value(std::string_view(id.str())); }
  JsonWriter& value(double number);  // null when it is not finite
  JsonWriter& value(std::same_as<bool> auto flag) { return raw(flag ? "true" : "false"); }
  template <std::signed_integral T>
  JsonWriter& value(T number) {
    return integer(static_cast<int64_t>(number));
  }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) JsonWriter& value(T number) {
    return raw(std::to_string(number));
  }
  template <class T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }

  template <class T>
  JsonWriter& field(std::string_view name, const T& of) {
    return key(name).value(of);
  }
  JsonWriter& raw_field(std::string_view name, std::string_view json) {
    return key(name).raw(json);
  }

  const std::string& view() const { return out_; }
  std::string str() && { return std::move(out_); }

 private:
  JsonWriter& integer(int64_t number);
  void separate();

  std::string out_;
  std::string closers_;  // one '}' or ']' per open container
  bool first_ = true;    // nothing stands before the next item in its container
};

}  // namespace chatpad::wire

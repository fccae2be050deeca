// Slices out of JSON text without building anything: where a member's value begins and ends.
//
// Only for text that wire::check_json has accepted; on anything else the answers are unspecified
// (but stay inside the text). Used for frames, whose payloads travel on as the bytes they came in.
// Repeated keys: the last one counts, as JSON.parse has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chatpad::realtime {

enum class JsonKind : uint8_t { object, array, string, number, boolean, null, none };
JsonKind json_kind(std::string_view value);

// Walks the members of an object or the elements of an array.
//
//   JsonItems items(object);
//   while (items.next()) use(items.key(), items.value());
class JsonItems {
 public:
  explicit JsonItems(std::string_view container);
  bool next();
  std::string_view key() const { return key_; }      // unescaped; empty for arrays
  std::string_view value() const { return value_; }  // raw

 private:
  std::string_view rest_;
  std::string_view key_;
  std::string_view value_;
  std::string key_store_;
  bool object_ = false;
};

// The inside of a JSON string with its escapes undone; nullopt when the value is no string.
std::optional<std::string> json_text(std::string_view value);
// The value of one member, raw; empty when it is absent or `object` is none.
std::string_view json_member(std::string_view object, std::string_view key);

}  // namespace chatpad::realtime

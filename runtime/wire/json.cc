#include "runtime/wire/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/wire/utf8.h"

namespace chatpad::wire {
namespace {

Error bad_json(const char* why) {
  return Error(Errc::bad_json, PublicText(std::string("The JSON is not acceptable: ") + why + "."));
}

// Builds the DOM; refuses what the library would let pass.
class DomBuilder {
 public:
  explicit DomBuilder(JsonLimits limits) : limits_(limits) {}

  bool null() { return put(Json()); }
  bool boolean(bool value) { return put(Json(value)); }
  bool number_integer(int64_t value) { return put(Json(value)); }
  bool number_unsigned(uint64_t value) { return put(Json(value)); }
  bool number_float(double value, const std::string&) {
    if (!std::isfinite(value)) return refuse("a number is too large");
    return put(Json(value));
  }
  bool string(std::string& value) {
    if (has_nul(value)) return refuse("a string contains NUL");
    return put(Json(std::move(value)));
  }
  bool binary(Json::binary_t&) { return refuse("binary value"); }
  bool start_object(size_t) { return open(Json::object()); }
  bool start_array(size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    if (has_nul(name)) return refuse("a key contains NUL");
    const auto [slot, added] = open_.back()->get_ref<Json::object_t&>().emplace(name, nullptr);
    if (!added) return refuse("a key is repeated");
    slot_ = &slot->second;
    return true;
  }
  bool parse_error(size_t, const std::string&, const Json::exception&) {
    return refuse("it is malformed");
  }

  Json take() { return std::move(root_); }
  const char* why() const { return why_; }

 private:
  bool refuse(const char* why) {
    if (!why_) why_ = why;
    return false;
  }
  bool has_nul(const std::string& text) const {
    return limits_.nul == NulEscape::refuse && text.find('\0') != std::string::npos;
  }
  Json* place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      auto& items = open_.back()->get_ref<Json::array_t&>();
      items.push_back(std::move(value));
      return &items.back();
    }
    *slot_ = std::move(value);
    return slot_;
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (open_.size() >= static_cast<size_t>(limits_.depth_max)) return refuse("it nests too deep");
    open_.push_back(place(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  JsonLimits limits_;
  Json root_;
  std::vector<Json*> open_;
  Json* slot_ = nullptr;
  const char* why_ = nullptr;
};

// Which bytes end the fast run inside a string: quote, backslash, controls, non-ASCII and the
// DEL that some terminals act on is left alone.
constexpr std::array<bool, 256> make_plain_table() {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x80; ++c) plain[static_cast<size_t>(c)] = c != '"' && c != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain_table();

void append_escape(std::string& out, unsigned char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  CHECK(limits.depth_max <= kJsonDepthCeiling, "a JSON depth limit stays below the ceiling");
  if (text.size() > limits.bytes_max) return bad_json("it is too large");
  // The library skips a byte order mark; RFC 8259 says not to send one.
  if (text.substr(0, 3) == "\xef\xbb\xbf") return bad_json("it starts with a byte order mark");
  // The library takes a NUL for the end of the text and would not see what follows it.
  if (text.find('\0') != std::string_view::npos) return bad_json("it contains NUL");
  DomBuilder builder(limits);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return bad_json(builder.why() ? builder.why() : "it is malformed");
  }
  return builder.take();
}

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  size_t at = 0;
  while (at < text.size()) {
    size_t end = at;
    while (end < text.size() && kPlain[static_cast<unsigned char>(text[end])]) ++end;
    out.append(text, at, end - at);
    at = end;
    if (at == text.size()) break;
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x80) {
      append_escape(out, c);
      ++at;
      continue;
    }
    const size_t size = utf8_sequence(text, at);
    const std::string_view sequence = text.substr(at, size);
    if (size == 0) {
      out += "\xef\xbf\xbd";
      ++at;
      continue;
    }
    if (sequence == "\xe2\x80\xa8") {
      out += "\\u2028";
    } else if (sequence == "\xe2\x80\xa9") {
      out += "\\u2029";
    } else {
      out.append(sequence);
    }
    at += size;
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_json_string(out, text);
  return out;
}

void JsonWriter::separate() {
  if (!first_ && !closers_.empty()) out_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::object() {
  separate();
  out_ += '{';
  closers_ += '}';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::array() {
  separate();
  out_ += '[';
  closers_ += ']';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end() {
  CHECK(!closers_.empty(), "end() closes something that is open");
  out_ += closers_.back();
  closers_.pop_back();
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  first_ = true;  // the value that follows gets no comma
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return raw(std::string_view(digits, static_cast<size_t>(end - digits)));
}

JsonWriter& JsonWriter::integer(int64_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return raw(std::string_view(digits, static_cast<size_t>(end - digits)));
}

}  // namespace chatpad::wire

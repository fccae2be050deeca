// Reply: what a handler answers. Bodies are JSON unless said otherwise; SQL functions return them
// ready to send.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace chatpad::edge {

struct Reply {
  int status = 200;
  std::string body;
  std::string_view fixed_body;  // instead of `body`: bytes that live as long as the program
  std::string content_type = "application/json; charset=utf-8";
  std::string headers;    // further "Name: value\r\n" lines
  bool streamed = false;  // the handler has already answered through Call::start_stream

  Reply() = default;
  Reply(int status_code, std::string body_text) : status(status_code), body(std::move(body_text)) {}

  Reply& header(std::string_view name, std::string_view value);
  std::string_view bytes() const { return fixed_body.empty() ? body : fixed_body; }
};

inline Reply ok(std::string body) { return Reply(200, std::move(body)); }
inline Reply created(std::string body) { return Reply(201, std::move(body)); }
inline Reply no_content() { return Reply(204, ""); }
Reply streamed();

// The one place that words an error for a client: {"code","message","details","hint"} and, from 500
// up, "error_id". Adds Retry-After where the table or the error says so.
Reply error_reply(const Error& error, std::string_view error_id);

// The same under /auth/v1, as Supabase Auth words it: with a few codes of its own, and for a client
// that does not ask for version 2024-01-01 in the older form {"code": 403, "error_code", "msg"}.
enum class AuthVersion : uint8_t { older, since_2024 };
Reply auth_error_reply(const Error& error, std::string_view error_id, AuthVersion version);

// The same where OpenAI's clients call: {"error": {"message", "type", "param", "code"}}. A client
// of theirs does not repeat what need not be repeated.
Reply openai_error_reply(const Error& error, std::string_view error_id);

}  // namespace chatpad::edge

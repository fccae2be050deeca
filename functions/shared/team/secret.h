// Secret: a random text that is shown once and kept as its SHA-256 only (API keys, links), and
// where a request came from, for the audit log.
//
//   const Secret key = new_secret("cp_live_");
//   pg::Params params(..., key.prefix(), key.hash(), origin_json(call));
#pragma once

#include <string>
#include <string_view>

#include "runtime/edge/call.h"

namespace chatpad::functions {

struct Secret {
  std::string text;

  // The first characters, for a person to recognise it by.
  std::string prefix() const { return text.substr(0, 12); }
  // For a bytea parameter.
  std::string hash() const;
};

// `kind` and 192 random bits in base64url.
Secret new_secret(std::string_view kind);
// What somebody sent as a secret; any text.
std::string secret_hash(std::string_view text);

// {"ip", "userAgent"} of a request (private.note_origin).
std::string origin_json(const edge::Call& call);

}  // namespace chatpad::functions

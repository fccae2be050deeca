// Assets: the scripts, style sheets, pictures and page shells of widget-assets/, compiled into the
// program by cmake/assets.cmake. widget-assets/build.mjs makes them and the table.
//
// asset_reply() answers a request for one of them: it chooses the coding the client likes best
// (RFC 9110 12.5.3), compares If-None-Match (13.1.2), and sends the bytes from where they lie,
// without a copy. It knows nothing of paths; endpoints decide what is served where.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/edge/reply.h"
#include "runtime/http/server.h"

namespace chatpad::edge {

enum class AssetKind : uint8_t {
  hashed,  // at /assets/; the name changes with the bytes
  plain,   // at /assets/; the bytes may change
  own,     // at an address of its own, or a page shell
};

struct Asset {
  std::string_view name;  // "widget-1a2b3c.js"
  AssetKind kind;
  std::string_view content_type;
  std::string_view hash;  // of `identity`, in hex
  std::string_view identity;
  std::string_view gzip;  // empty: not worth it
  std::string_view br;
};

// Generated; in name order.
std::span<const Asset> asset_bundle();
// nullptr when there is no such asset. `name` may be anything a client sent.
const Asset* find_asset(std::string_view name);
// Ends the program when there is no such asset: for names that are literals of ours.
const Asset& asset(std::string_view name);

enum class Coding : uint8_t { identity, gzip, br };
// The coding to send. No header, and a header that allows nothing we have, mean identity.
Coding choose_coding(const Asset& asset, std::string_view accept_encoding);
// A strong tag, different for every coding: "hash", "hash-gz", "hash-br", in quotes.
std::string entity_tag(const Asset& asset, Coding coding);
// Whether If-None-Match names the tag (weak comparison) or is "*". Malformed lists match nothing.
bool none_match_names(std::string_view if_none_match, std::string_view tag);

constexpr std::string_view kCacheForever = "public, max-age=31536000, immutable";
constexpr std::string_view kCacheShort = "public, max-age=300, must-revalidate";

// 200 or 304.
Reply asset_reply(const Asset& asset, const http::Request& request, std::string_view cache_control);

}  // namespace chatpad::edge

#include "runtime/edge/assets.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "runtime/base/check.h"

namespace chatpad::edge {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

// The weight of a list's item in thousandths; nothing when it is not a weight at all.
std::optional<int> weight(std::string_view parameters) {
  parameters = trimmed(parameters);
  if (parameters.empty()) return 1000;
  if (parameters.size() < 3 || (parameters[0] != 'q' && parameters[0] != 'Q')) return std::nullopt;
  if (parameters[1] != '=') return std::nullopt;
  const std::string_view value = parameters.substr(2);
  const bool shape = value.size() <= 5 && (value[0] == '0' || value[0] == '1') &&
                     (value.size() == 1 || value[1] == '.');
  if (!shape) return std::nullopt;
  int thousandths = (value[0] - '0') * 1000;
  int unit = 100;
  for (const char c : value.size() > 2 ? value.substr(2) : std::string_view()) {
    if (c < '0' || c > '9') return std::nullopt;
    thousandths += (c - '0') * unit;
    unit /= 10;
  }
  return thousandths > 1000 ? std::nullopt : std::optional<int>(thousandths);
}

// What Accept-Encoding gives each coding; -1: not named.
struct Wishes {
  int identity = -1;
  int gzip = -1;
  int br = -1;
  int others = -1;
};

Wishes wishes_of(std::string_view header) {
  Wishes wishes;
  while (!header.empty()) {
    const size_t comma = header.find(',');
    const std::string_view item = header.substr(0, comma);
    header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
    const size_t semicolon = item.find(';');
    const std::string_view name = trimmed(item.substr(0, semicolon));
    const std::optional<int> q = weight(
        semicolon == std::string_view::npos ? std::string_view() : item.substr(semicolon + 1));
    if (!q) continue;
    if (name == "*") wishes.others = *q;
    if (same_word(name, "identity")) wishes.identity = *q;
    if (same_word(name, "gzip") || same_word(name, "x-gzip")) wishes.gzip = *q;
    if (same_word(name, "br")) wishes.br = *q;
  }
  return wishes;
}

// Takes one entity tag, without W/, off the front of a list; nothing when there is none.
std::optional<std::string_view> take_tag(std::string_view& list) {
  if (list.starts_with("W/")) list.remove_prefix(2);
  if (!list.starts_with('"')) return std::nullopt;
  const size_t end = list.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view tag = list.substr(0, end + 1);
  list = trimmed(list.substr(end + 1));
  return tag;
}

std::string_view bytes_of(const Asset& asset, Coding coding) {
  if (coding == Coding::br) return asset.br;
  return coding == Coding::gzip ? asset.gzip : asset.identity;
}

}  // namespace

const Asset* find_asset(std::string_view name) {
  const std::span<const Asset> all = asset_bundle();
  const auto found = std::lower_bound(
      all.begin(), all.end(), name, [](const Asset& a, std::string_view b) { return a.name < b; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

const Asset& asset(std::string_view name) {
  const Asset* found = find_asset(name);
  CHECK(found != nullptr, "an asset that the program names itself is part of it");
  return *found;
}

Coding choose_coding(const Asset& asset, std::string_view accept_encoding) {
  const Wishes wishes = wishes_of(accept_encoding);
  const auto or_others = [&wishes](int q) { return q >= 0 ? q : std::max(wishes.others, 0); };
  const int br = asset.br.empty() ? 0 : or_others(wishes.br);
  const int gzip = asset.gzip.empty() ? 0 : or_others(wishes.gzip);
  // Identity is acceptable unless it is refused, but only a weight of its own makes it a wish.
  const int identity = std::max(wishes.identity, 0);
  if (br > 0 && br >= gzip && br >= identity) return Coding::br;
  if (gzip > 0 && gzip >= identity) return Coding::gzip;
  return Coding::identity;
}

std::string entity_tag(const Asset& asset, Coding coding) {
  std::string tag = "\"";
  tag += asset.hash;
  if (coding == Coding::gzip) tag += "-gz";
  if (coding == Coding::br) tag += "-br";
  tag += '"';
  return tag;
}

bool none_match_names(std::string_view if_none_match, std::string_view tag) {
  std::string_view rest = trimmed(if_none_match);
  if (rest == "*") return true;
  while (!rest.empty()) {
    const std::optional<std::string_view> candidate = take_tag(rest);
    if (!candidate) return false;
    if (*candidate == tag) return true;
    if (!rest.starts_with(',')) return false;
    rest = trimmed(rest.substr(1));
  }
  return false;
}

Reply asset_reply(const Asset& asset, const http::Request& request,
                  std::string_view cache_control) {
  const Coding coding = choose_coding(asset, request.header("accept-encoding"));
  const std::string tag = entity_tag(asset, coding);
  Reply reply;
  if (none_match_names(request.header("if-none-match"), tag)) {
    reply.status = 304;
  } else {
    reply.fixed_body = bytes_of(asset, coding);
    reply.content_type = std::string(asset.content_type);
    if (coding != Coding::identity) {
      reply.header("Content-Encoding", coding == Coding::br ? "br" : "gzip");
    }
  }
  reply.header("ETag", tag);
  reply.header("Cache-Control", cache_control);
  if (!asset.gzip.empty() || !asset.br.empty()) reply.header("Vary", "Accept-Encoding");
  return reply;
}

}  // namespace chatpad::edge

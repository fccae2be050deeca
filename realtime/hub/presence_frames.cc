#include "realtime/hub/presence_frames.h"

#include <algorithm>

#include "realtime/protocol/json_slice.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

void append_meta(std::string& out, const Presence& presence) {
  out += "{\"phx_ref\":";
  wire::append_json_string(out, presence.ref);
  if (!presence.prev.empty()) {
    out += ",\"phx_ref_prev\":";
    wire::append_json_string(out, presence.prev);
  }
  if (presence.payload.size() > 2) {
    out.append(",").append(presence.payload, 1);
  } else {
    out += '}';
  }
}

void sort_by_key(std::vector<SharedPresence>& presences) {
  std::stable_sort(
      presences.begin(), presences.end(),
      [](const SharedPresence& a, const SharedPresence& b) { return a->key < b->key; });
}

// The presences of one key from `at` on, as a member of an object; moves `at` behind them.
std::string next_key(const std::vector<SharedPresence>& sorted, size_t& at) {
  const std::string& key = sorted[at]->key;
  std::string out;
  wire::append_json_string(out, key);
  out += ":{\"metas\":[";
  for (size_t first = at; at < sorted.size() && sorted[at]->key == key; ++at) {
    if (at > first) out += ',';
    append_meta(out, *sorted[at]);
  }
  return out += "]}";
}

void append_member(std::string& object, const std::string& member) {
  if (!object.empty()) object += ',';
  object += member;
}

std::string braces(std::string inside) { return "{" + std::move(inside) + "}"; }

std::string diff_json(const std::string& joins, const std::string& leaves) {
  return "{\"joins\":{" + joins + "},\"leaves\":{" + leaves + "}}";
}

}  // namespace

std::string presence_payload(std::string_view object) {
  if (json_kind(object) != JsonKind::object) return {};
  std::string out;
  JsonItems items(object);
  while (items.next()) {
    if (items.key() == "phx_ref" || items.key() == "phx_ref_prev") continue;
    out += out.empty() ? '{' : ',';
    wire::append_json_string(out, items.key());
    out.append(":").append(items.value());
  }
  return out.empty() ? "{}" : out + "}";
}

std::vector<std::string> presence_diffs(std::vector<SharedPresence> joins,
                                        std::vector<SharedPresence> leaves) {
  sort_by_key(joins);
  sort_by_key(leaves);
  std::vector<std::string> pieces;
  std::string joined, left;
  size_t join = 0, leave = 0;
  while (join < joins.size() || leave < leaves.size()) {
    const bool joins_next =
        join < joins.size() && (leave == leaves.size() || joins[join]->key <= leaves[leave]->key);
    const bool leaves_next =
        leave < leaves.size() && (join == joins.size() || leaves[leave]->key <= joins[join]->key);
    const std::string in = joins_next ? next_key(joins, join) : std::string();
    const std::string out = leaves_next ? next_key(leaves, leave) : std::string();
    const size_t size = joined.size() + left.size();
    if (size > 0 && size + in.size() + out.size() > kPresenceFrameBytesMax) {
      pieces.push_back(diff_json(joined, left));
      joined.clear();
      left.clear();
    }
    if (joins_next) append_member(joined, in);
    if (leaves_next) append_member(left, out);
  }
  if (!joined.empty() || !left.empty()) pieces.push_back(diff_json(joined, left));
  return pieces;
}

PresenceStateFrames presence_state(std::vector<SharedPresence> present) {
  sort_by_key(present);
  PresenceStateFrames frames;
  std::string inside;
  size_t at = 0;
  size_t next = 0;
  while (at < present.size()) {
    const std::string member = next_key(present, next);
    if (!inside.empty() && inside.size() + member.size() > kPresenceFrameBytesMax) break;
    append_member(inside, member);
    at = next;
  }
  frames.state = braces(std::move(inside));
  present.erase(present.begin(), present.begin() + static_cast<std::ptrdiff_t>(at));
  if (!present.empty()) frames.diffs = presence_diffs(std::move(present), {});
  return frames;
}

}  // namespace chatpad::realtime

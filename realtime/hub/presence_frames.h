// The payloads of presence_state and presence_diff (Phoenix presence, Supabase dialect):
//
//   state   {"<key>": {"metas": [{"phx_ref": "..", ...payload}, ..]}, ..}
//   diff    {"joins": <as state>, "leaves": <as state>}
//
// Pure. What does not fit into kPresenceFrameBytesMax comes in several pieces; a key stands in one
// piece once, whole, with its joins beside its leaves. Clients add the pieces of a state up, the
// later ones being diffs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "realtime/hub/presence.h"

namespace chatpad::realtime {

// A client's payload as it is kept: an object without the names the server sets. Empty when
// `object` is no JSON object.
std::string presence_payload(std::string_view object);

std::vector<std::string> presence_diffs(std::vector<SharedPresence> joins,
                                        std::vector<SharedPresence> leaves);
struct PresenceStateFrames {
  std::string state;
  std::vector<std::string> diffs;  // to be sent behind it
};
PresenceStateFrames presence_state(std::vector<SharedPresence> present);

}  // namespace chatpad::realtime

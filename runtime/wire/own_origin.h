// Whether an Origin is one of our own: the public URL's or, when that is a loopback address, the
// same scheme and port under another name of the loopback (localhost, 127.0.0.1, [::1]). Pages of
// our own show every agent and may use every visitor's token, whatever site it was made for.
//
// The only rule there is: the widget's config, requests with a visitor's token and joins all ask
// it. It never looks at Host: a site whose name was made to resolve to our address (DNS rebinding)
// sends its own name in both, and the Origin tells. "null", a list and everything that
// parse_origin() refuses are not ours; nor is a page of another port on the same machine. No
// errors, no state.
#pragma once

#include <string_view>

namespace chatpad::wire {

bool is_own_origin(std::string_view origin, std::string_view public_url);

}  // namespace chatpad::wire

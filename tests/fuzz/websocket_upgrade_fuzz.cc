// Any header list is decided without a crash, and the answer never has more lines.
//
// uses: runtime/wire/websocket_upgrade.cc runtime/wire/crypto.cc runtime/base/error.cc
// uses: runtime/base/check.cc runtime/base/uuid.cc
// links: -lcrypto
#include <algorithm>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/wire/websocket_upgrade.h"

using namespace chatpad;
using namespace chatpad::wire;

// Lines "name:value"; the first line is the method.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<HeaderField> headers;
  std::string_view method = "GET";
  std::string_view host;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      method = line;
      continue;
    }
    headers.push_back({line.substr(0, colon), line.substr(colon + 1)});
    host = line.substr(colon + 1);
  }
  const Result<UpgradeRequest> upgrade = check_upgrade(UpgradeHead{method, 1, 1, headers});
  if (upgrade.ok()) {
    CHECK(upgrade->key.size() == kWebsocketKeyChars, "an accepted key has its size");
    const std::string answer = switching_protocols(upgrade->key);
    CHECK(std::count(answer.begin(), answer.end(), '\n') == 5, "five lines and no more");
  }
  std::string frame;
  append_close_frame(frame, 1000, host);
  CHECK(frame.size() <= 127, "a close frame is a control frame");
  return 0;
}

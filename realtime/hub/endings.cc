// Channels and sockets of people whose session has ended.
#include "realtime/hub/hub.h"

namespace chatpad::realtime {

void Hub::end_sessions(const std::function<bool(const edge::Caller&)>& is_ended) {
  std::vector<uint64_t> covered;
  for (const auto& [id, channel] : channels_) {
    if (channel->caller && is_ended(*channel->caller)) covered.push_back(id);
  }
  for (const uint64_t id : covered) {
    Channel* channel = channel_by_id(id);
    if (!channel) continue;
    Session& session = channel->session;
    crash(*channel, Code::session_ended);
    // A socket that has channels of somebody else stays for those.
    if (session.channels_.empty()) close(session, Close::session_ended);
  }
}

}  // namespace chatpad::realtime

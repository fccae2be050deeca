// Message: one broadcast on its way to the subscribers of every loop. Immutable once shared.
#pragma once

#include <memory>
#include <string>

#include "realtime/protocol/frame.h"
#include "realtime/protocol/join.h"

namespace chatpad::realtime {

enum class Origin : uint8_t { server, client };

struct Message {
  std::string topic;  // without the "realtime:" prefix
  Privacy privacy = Privacy::restricted;
  std::string event;
  std::string payload;  // raw JSON, or bytes
  Encoding encoding = Encoding::json;
  std::string meta;  // raw JSON object or empty
  Origin origin = Origin::server;

  size_t bytes() const {
    return sizeof(Message) + topic.size() + event.size() + payload.size() + meta.size();
  }
};
using SharedMessage = std::shared_ptr<const Message>;

}  // namespace chatpad::realtime

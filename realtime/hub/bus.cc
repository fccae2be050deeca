#include "realtime/hub/bus.h"

namespace chatpad::realtime {

void Bus::add(Hub& hub) {
  peers_.push_back(std::make_unique<Peer>());
  peers_.back()->hub = &hub;
  hub.attach(this);
}

void Bus::send(const Hub* from, SharedMessage message) {
  for (const auto& peer : peers_) {
    if (peer->hub != from) post(*peer, message);
  }
}

void Bus::post(Peer& peer, const SharedMessage& message) {
  const size_t bytes = message->bytes();
  if (peer.items.load(std::memory_order_relaxed) >= kBusItemsMax ||
      peer.bytes.load(std::memory_order_relaxed) + bytes > kBusBytesMax) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  peer.items.fetch_add(1, std::memory_order_relaxed);
  peer.bytes.fetch_add(bytes, std::memory_order_relaxed);
  Peer* to = &peer;
  const bool taken = peer.hub->loop().post([to, message, bytes] {
    to->items.fetch_sub(1, std::memory_order_relaxed);
    to->bytes.fetch_sub(bytes, std::memory_order_relaxed);
    to->hub->deliver(*message);
  });
  if (taken) return;
  peer.items.fetch_sub(1, std::memory_order_relaxed);
  peer.bytes.fetch_sub(bytes, std::memory_order_relaxed);
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

void HubPublisher::publish(std::string_view topic, std::string_view event,
                           std::string_view payload_json) {
  auto message = std::make_shared<Message>();
  message->topic = topic;
  message->privacy = Privacy::restricted;
  message->event = event;
  message->payload = payload_json;
  local_.deliver(*message);
  bus_.send(&local_, std::move(message));
}

}  // namespace chatpad::realtime

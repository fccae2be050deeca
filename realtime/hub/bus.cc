#include "realtime/hub/bus.h"

namespace chatpad::realtime {
namespace {

void hand_over(Hub& hub, const Message& message) { hub.deliver(message); }
void hand_over(Hub& hub, const PresenceNews& news) { hub.receive(news); }

}  // namespace

void Bus::add(Hub& hub) {
  peers_.push_back(std::make_unique<Peer>());
  peers_.back()->hub = &hub;
  hub.attach(this);
}

void Bus::send(const Hub* from, SharedMessage message) {
  post_to_all(from, message);
  if (remote_ && remote_->is_connected()) remote_->send(std::move(message));
}

void Bus::send(const Hub* from, SharedNews news) {
  post_to_all(from, news);
  if (remote_ && remote_->is_connected()) remote_->send(std::move(news));
}

void Bus::receive(const SharedMessage& message) { post_to_all(nullptr, message); }
void Bus::receive(const SharedNews& news) { post_to_all(nullptr, news); }

edge::Reach Bus::reach() const {
  if (!remote_) return edge::Reach::one_program;
  return remote_->is_connected() ? edge::Reach::all_programs : edge::Reach::cut_off;
}

template <class Shared>
void Bus::post_to_all(const Hub* from, const Shared& what) {
  const size_t bytes = what->bytes();
  for (const auto& peer : peers_) {
    if (peer->hub == from) continue;
    if (peer->items.load(std::memory_order_relaxed) >= kBusItemsMax ||
        peer->bytes.load(std::memory_order_relaxed) + bytes > kBusBytesMax) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    peer->items.fetch_add(1, std::memory_order_relaxed);
    peer->bytes.fetch_add(bytes, std::memory_order_relaxed);
    Peer* to = peer.get();
    const bool taken = to->hub->loop().post([to, what, bytes] {
      to->items.fetch_sub(1, std::memory_order_relaxed);
      to->bytes.fetch_sub(bytes, std::memory_order_relaxed);
      hand_over(*to->hub, *what);
    });
    if (taken) continue;
    to->items.fetch_sub(1, std::memory_order_relaxed);
    to->bytes.fetch_sub(bytes, std::memory_order_relaxed);
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
}

void HubPublisher::publish(std::string_view topic, std::string_view event,
                           std::string_view payload_json) {
  auto message = std::make_shared<Message>();
  message->topic = topic;
  message->privacy = Privacy::restricted;
  message->event = event;
  message->payload = payload_json;
  send(std::move(message));
}

void HubPublisher::broadcast(edge::Broadcast said) {
  auto message = std::make_shared<Message>();
  message->topic = std::move(said.topic);
  message->privacy = said.room == edge::Broadcast::Room::open ? Privacy::open : Privacy::restricted;
  message->event = std::move(said.event);
  message->payload = std::move(said.payload);
  message->encoding =
      said.encoding == edge::Broadcast::Encoding::json ? Encoding::json : Encoding::raw;
  send(std::move(message));
}

void HubPublisher::send(std::shared_ptr<const Message> message) {
  local_.deliver(*message);
  bus_.send(&local_, std::move(message));
}

}  // namespace chatpad::realtime

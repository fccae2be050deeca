#include "realtime/hub/bus.h"

#include <utility>

namespace chatpad::realtime {
namespace {

void hand_over(Hub& hub, const SharedMessage& message) { hub.deliver(*message); }
void hand_over(Hub& hub, const SharedNews& news) { hub.receive(*news); }

}  // namespace

void Bus::add(Hub& hub) {
  peers_.push_back(std::make_unique<Peer>());
  peers_.back()->hub = &hub;
  hub.attach(this, audience_);
}

void Bus::send(const Hub* from, SharedMessage message) {
  if (peers_.size() > 1) outgoing_of(from).emplace_back(message);
  if (remote_ && remote_->is_connected()) remote_->send(std::move(message));
}

void Bus::send(const Hub* from, SharedNews news) {
  if (peers_.size() > 1) outgoing_of(from).emplace_back(news);
  if (remote_ && remote_->is_connected()) remote_->send(std::move(news));
}

void Bus::flush(const Hub* from) {
  Batch& outgoing = outgoing_of(from);
  if (!outgoing.empty()) post_to_all(from, std::exchange(outgoing, {}));
}

void Bus::receive(const SharedMessage& message) { post_to_all(nullptr, {message}); }
void Bus::receive(const SharedNews& news) { post_to_all(nullptr, {news}); }

Bus::Batch& Bus::outgoing_of(const Hub* hub) {
  size_t i = 0;
  while (peers_[i]->hub != hub) ++i;
  return peers_[i]->outgoing;
}

bool Bus::may_hear(Privacy privacy, std::string_view topic) const {
  if (remote_ && remote_->is_connected()) return true;
  static thread_local std::string key;
  key.clear();
  append_topic_key(key, privacy, topic);
  return audience_->may_hear(key);
}

edge::Reach Bus::reach() const {
  if (!remote_) return edge::Reach::one_program;
  return remote_->is_connected() ? edge::Reach::all_programs : edge::Reach::cut_off;
}

void Bus::post_to_all(const Hub* from, Batch batch) {
  const auto shared = std::make_shared<const Batch>(std::move(batch));
  for (const auto& peer : peers_) {
    if (peer->hub != from) post(*peer, shared);
  }
}

// As much of the batch as there is room for.
void Bus::post(Peer& peer, const std::shared_ptr<const Batch>& batch) {
  const size_t items_before = peer.items.load(std::memory_order_relaxed);
  const size_t bytes_before = peer.bytes.load(std::memory_order_relaxed);
  size_t items = 0, bytes = 0;
  while (items < batch->size() && items_before + items < kBusItemsMax) {
    const size_t more = std::visit([](const auto& one) { return one->bytes(); }, (*batch)[items]);
    if (bytes_before + bytes + more > kBusBytesMax) break;
    bytes += more;
    ++items;
  }
  if (items > 0) {
    peer.items.fetch_add(items, std::memory_order_relaxed);
    peer.bytes.fetch_add(bytes, std::memory_order_relaxed);
    const auto arrive = [&peer, items, bytes] {
      peer.items.fetch_sub(items, std::memory_order_relaxed);
      peer.bytes.fetch_sub(bytes, std::memory_order_relaxed);
    };
    const bool taken = peer.hub->loop().post([&peer, batch, items, arrive] {
      arrive();
      for (size_t i = 0; i < items; ++i) {
        std::visit([&peer](const auto& one) { hand_over(*peer.hub, one); }, (*batch)[i]);
      }
    });
    if (!taken) {
      arrive();
      items = 0;
    }
  }
  if (items < batch->size()) {
    dropped_.fetch_add(batch->size() - items, std::memory_order_relaxed);
  }
}

bool HubPublisher::may_hear(std::string_view topic) const {
  return bus_.may_hear(Privacy::restricted, topic);
}

void HubPublisher::publish(std::string_view topic, std::string_view event,
                           std::string_view payload_json) {
  if (!may_hear(topic)) return;
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

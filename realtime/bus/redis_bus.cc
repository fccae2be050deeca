#include "realtime/bus/redis_bus.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "realtime/bus/limits.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/uuid.h"
#include "runtime/wire/crypto.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kChannelHexChars = 32;
constexpr size_t kTakenAtOnce = 256;  // under the mutex
constexpr auto kRelaxed = std::memory_order_relaxed;

std::string derived(const std::string& secret, std::string_view what, size_t bytes) {
  return wire::hkdf_sha256(secret, "chatpad bus 1", what, bytes);
}

uint64_t random_id() {
  uint64_t id = 0;
  random_bytes(&id, sizeof id);
  return id | 1;
}

SipKey rate_seed(const std::string& secret) {
  SipKey seed;
  const std::string bytes = derived(secret, "rates", sizeof seed);
  std::memcpy(&seed, bytes.data(), sizeof seed);
  return seed;
}

SharedNews ask_everybody() {
  auto ask = std::make_shared<PresenceNews>();
  ask->kind = PresenceNews::Kind::ask;
  return ask;
}

template <class Count>
void add_to(std::atomic<uint64_t>& counter, Count count) {
  counter.fetch_add(static_cast<uint64_t>(count), kRelaxed);
}

}  // namespace

RedisBus::RedisBus(Loop& loop, Bus& hubs, edge::RateLimiter& limiter, RedisBusOptions options)
    : loop_(loop),
      hubs_(hubs),
      limiter_(limiter),
      options_(std::move(options)),
      key_(derived(options_.secret, "packets", kKeyBytes)),
      speaker_(loop, options_.url,
               {.on_ready = [this] { on_link_ready(); },
                .on_lost = [this](std::string_view why) { on_lost(why); },
                .on_published =
                    [this](size_t bytes) {
                      unanswered_bytes_ -= std::min(bytes, unanswered_bytes_);
                      if (unanswered_bytes_ < kUnansweredBytesMax / 2) flush();
                    }}),
      listener_(loop, options_.url,
                {.on_ready = [this] { listener_.subscribe(channel_); },
                 .on_lost = [this](std::string_view why) { on_lost(why); },
                 .on_message = [this](std::string_view bytes) { on_packet(bytes); },
                 .on_subscribed =
                     [this] {
                       subscribed_ = true;
                       on_link_ready();
                     }}),
      nodes_(random_id()) {
  limiter_.share(rate_seed(options_.secret), [this] { wake_for_rates(); });
}

RedisBus::~RedisBus() { stop(); }

void RedisBus::start(std::string_view deployment) {
  if (stopped_ || deployment == deployment_) return;
  deployment_ = deployment;
  const std::string named = deployment_ + "/" + std::to_string(options_.url.db);
  channel_ = "chatpad:" + wire::hmac_sha256_hex(key_, named).substr(0, kChannelHexChars);
  disconnect();
  connect();
}

void RedisBus::stop() {
  if (stopped_) return;
  stopped_ = true;
  disconnect();
}

void RedisBus::connect() {
  speaker_.open();
  listener_.open();
  patience_timer_.start(loop_, kRedisConnectMs, [this] { on_lost("no answer in time"); });
}

// Both stand: the first packet shows whether what one says reaches the other.
void RedisBus::on_link_ready() {
  if (speaker_.ready() && subscribed_) publish();
}

void RedisBus::on_stands() {
  patience_timer_.stop();
  failures_ = 0;
  warned_ = false;
  connected_.store(true);
  limiter_.set_sharing(edge::RateLimiter::Sharing::on);
  log::Line(LogLevel::info, "bus_live");
  arm_beat();
  // Everybody tells everybody: the others missed us as we missed them.
  owe_states();
  push(ask_everybody());
}

// Our hubs are asked for their states, for everybody. Programs that come back together ask
// together.
void RedisBus::owe_states() {
  if (states_timer_.running()) return;
  states_timer_.start(loop_, kStatesMs, [this] { hubs_.receive(ask_everybody()); });
}

void RedisBus::on_lost(std::string_view why) {
  if (stopped_) return;
  if (connected_.load(kRelaxed)) add_to(stats_.reconnects, 1);
  if (!std::exchange(warned_, true)) {
    log::Line(LogLevel::warn, "bus_away").field("cause", why);
  }
  disconnect();
  pause_timer_.start(loop_, pause_ms(), [this] { connect(); });
}

void RedisBus::disconnect() {
  connected_.store(false);
  subscribed_ = false;
  limiter_.set_sharing(edge::RateLimiter::Sharing::off);
  limiter_.take_admissions();
  for (Timer* timer :
       {&pause_timer_, &patience_timer_, &beat_timer_, &rates_timer_, &states_timer_}) {
    timer->stop();
  }
  speaker_.close();
  listener_.close();
  unanswered_bytes_ = 0;
  stats_.nodes.store(0, kRelaxed);
  const std::lock_guard lock(mutex_);
  add_to(stats_.dropped, waiting_.size());
  waiting_.clear();
  waiting_bytes_ = 0;
}

// Growing, and different for every program: they all lost the same Redis.
uint64_t RedisBus::pause_ms() {
  const uint64_t most =
      std::min(kRedisPauseMaxMs, kRedisPauseMinMs << std::min<uint32_t>(failures_++, 16));
  uint16_t chance = 0;
  random_bytes(&chance, sizeof chance);
  return most / 2 + most / 2 * chance / 65'536;
}

void RedisBus::arm_beat() {
  beat_timer_.start(loop_, kRedisBeatMs, [this] {
    const uint64_t now = loop_.now_ms();
    if (now - heard_ms_ > kRedisSilenceMs) return on_lost("silence");
    stats_.nodes.store(nodes_.heard_within(kRedisSilenceMs, wall_ms()), kRelaxed);
    arm_beat();
    if (now - said_ms_ >= kRedisBeatMs / 2) publish();
  });
}

void RedisBus::on_packet(std::string_view bytes) {
  add_to(stats_.bytes_in, bytes.size());
  std::optional<Packet> packet = open_packet(key_, bytes);
  if (!packet) return add_to(stats_.refused, 1);
  switch (nodes_.judge(packet->node, packet->number, packet->wall_ms, wall_ms())) {
    case PacketVerdict::own:
      heard_ms_ = loop_.now_ms();
      if (!connected_.load(kRelaxed)) on_stands();
      return;
    case PacketVerdict::take:
      break;
    case PacketVerdict::repeated:
    case PacketVerdict::untimely:
    case PacketVerdict::too_many:
      return add_to(stats_.refused, 1);
  }
  add_to(stats_.packets_in, 1);
  add_to(stats_.items_in, packet->items.size());
  for (PacketItem& item : packet->items) hand_over(item);
}

void RedisBus::hand_over(PacketItem& item) {
  if (const auto* message = std::get_if<SharedMessage>(&item)) return hubs_.receive(*message);
  if (const auto* news = std::get_if<SharedNews>(&item)) {
    const PresenceNews& said = **news;
    if (said.kind == PresenceNews::Kind::ask && said.from == 0) return owe_states();
    return hubs_.receive(*news);
  }
  for (const edge::RateAdmission& one : std::get<RateNews>(item)) limiter_.apply(one);
}

template <class Shared>
void RedisBus::push(Shared what) {
  const size_t bytes = what->bytes();
  bool post = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kRemoteItemsMax || waiting_bytes_ + bytes > kRemoteBytesMax) {
      return add_to(stats_.dropped, 1);
    }
    waiting_bytes_ += bytes;
    waiting_.emplace_back(std::move(what));
    post = !std::exchange(posted_, true);
  }
  if (!post || loop_.post([this] { flush(); })) return;
  const std::lock_guard lock(mutex_);
  posted_ = false;
}

void RedisBus::wake_for_rates() {
  loop_.post([this] {
    if (!is_connected() || rates_timer_.running()) return;
    rates_timer_.start(loop_, kRatesShareMs, [this] { tell_rates(); });
  });
}

void RedisBus::tell_rates() {
  const RateNews all = limiter_.take_admissions();
  if (unanswered_bytes_ >= kUnansweredBytesMax) return add_to(stats_.dropped, all.size());
  for (size_t at = 0; at < all.size(); at += kRatesShareMax) {
    writer_.add(std::span(all).subspan(at, std::min(kRatesShareMax, all.size() - at)));
    publish();
  }
}

void RedisBus::flush() {
  std::vector<Waiting> taken;
  while (is_connected() && unanswered_bytes_ < kUnansweredBytesMax) {
    taken.clear();
    {
      const std::lock_guard lock(mutex_);
      posted_ = false;
      while (!waiting_.empty() && taken.size() < kTakenAtOnce) {
        taken.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
        waiting_bytes_ -= std::visit([](const auto& what) { return what->bytes(); }, taken.back());
      }
    }
    if (taken.empty()) break;
    for (const Waiting& what : taken) {
      const bool fits = std::visit([this](const auto& one) { return writer_.add(*one); }, what);
      if (!fits) add_to(stats_.dropped, 1);
      if (writer_.bytes() >= kPacketBytesMax) publish();
    }
  }
  if (writer_.items() > 0) publish();
}

// What the writer has, which may be nothing: that says that this program lives.
void RedisBus::publish() {
  said_ms_ = loop_.now_ms();
  add_to(stats_.items_out, writer_.items());
  const std::string sealed = writer_.seal(key_, nodes_.own(), ++number_, wall_ms());
  add_to(stats_.packets_out, 1);
  add_to(stats_.bytes_out, sealed.size());
  unanswered_bytes_ += sealed.size();
  speaker_.publish(channel_, sealed);
}

}  // namespace chatpad::realtime

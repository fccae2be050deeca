#include "realtime/bus/bus_frame.h"

#include <cstring>

#include "realtime/bus/limits.h"
#include "runtime/wire/crypto.h"

namespace chatpad::realtime {
namespace {

constexpr std::string_view kMagic = "CPB1";
constexpr size_t kTagBytes = 32;
constexpr size_t kSignedFrom = 4 + kTagBytes;
constexpr size_t kHeaderBytes = kSignedFrom + 24;
constexpr size_t kItemHeadBytes = 5;
constexpr size_t kPresenceBytesMin = 8 + 1 + 5 * 4;
constexpr size_t kAdmissionBytes = 8 + 8 + 4;

enum class Kind : uint8_t { message = 1, news = 2, rates = 3 };

template <class Number>
void put_number(std::string& out, Number value) {
  for (size_t i = 0; i < sizeof value; ++i) {
    out += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  }
}

template <class Number>
void set_number(std::string& out, size_t at, Number value) {
  for (size_t i = 0; i < sizeof value; ++i) {
    out[at + i] = static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  }
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<uint32_t>(text.size()));
  out += text;
}

void put_presences(std::string& out, const std::vector<SharedPresence>& presences) {
  put_number(out, static_cast<uint32_t>(presences.size()));
  for (const SharedPresence& one : presences) {
    put_number(out, one->node);
    put_number(out, static_cast<uint8_t>(one->privacy));
    for (const std::string* text : {&one->topic, &one->key, &one->ref, &one->prev, &one->payload}) {
      put_text(out, *text);
    }
  }
}

// Reads from the front. After something that was not there, everything reads as zero and ok() is
// false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && left_.empty(); }
  size_t left() const { return left_.size(); }

  template <class Number>
  Number number() {
    const std::string_view bytes = take(sizeof(Number));
    uint64_t value = 0;
    for (size_t i = bytes.size(); i > 0; --i) {
      value = (value << 8) | static_cast<uint8_t>(bytes[i - 1]);
    }
    return static_cast<Number>(value);
  }
  // One of the first `count` values of an enum.
  template <class Enum>
  Enum choice(uint8_t count) {
    const auto value = number<uint8_t>();
    if (value >= count) fail();
    return static_cast<Enum>(ok_ ? value : 0);
  }
  std::string_view text() {
    const auto size = number<uint32_t>();
    return take(size);
  }
  // How many things follow that take at least `bytes_min` each.
  size_t count(size_t bytes_min) {
    const auto count = number<uint32_t>();
    if (count > left_.size() / bytes_min) fail();
    return ok_ ? count : 0;
  }

 private:
  void fail() {
    ok_ = false;
    left_ = {};
  }
  std::string_view take(size_t size) {
    if (size > left_.size()) fail();
    if (!ok_) return {};
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
  bool ok_ = true;
};

SharedMessage read_message(Reader& in) {
  auto made = std::make_shared<Message>();
  made->privacy = in.choice<Privacy>(2);
  made->encoding = in.choice<Encoding>(2);
  made->topic = in.text();
  made->event = in.text();
  made->payload = in.text();
  made->meta = in.text();
  return made;
}

std::vector<SharedPresence> read_presences(Reader& in) {
  std::vector<SharedPresence> presences;
  const size_t count = in.count(kPresenceBytesMin);
  presences.reserve(count);
  for (size_t i = 0; i < count && in.ok(); ++i) {
    auto made = std::make_shared<Presence>();
    made->node = in.number<uint64_t>();
    made->privacy = in.choice<Privacy>(2);
    for (std::string* text : {&made->topic, &made->key, &made->ref, &made->prev, &made->payload}) {
      *text = in.text();
    }
    presences.push_back(std::move(made));
  }
  return presences;
}

SharedNews read_news(Reader& in) {
  auto made = std::make_shared<PresenceNews>();
  made->kind = in.choice<PresenceNews::Kind>(4);
  made->from = in.number<uint64_t>();
  made->to = in.number<uint64_t>();
  made->number = in.number<uint64_t>();
  made->joins = read_presences(in);
  made->leaves = read_presences(in);
  return made;
}

RateNews read_rates(Reader& in) {
  RateNews made;
  const size_t count = in.count(kAdmissionBytes);
  made.reserve(count);
  for (size_t i = 0; i < count && in.ok(); ++i) {
    edge::RateAdmission one;
    one.key = in.number<uint64_t>();
    one.spent_us = in.number<uint64_t>();
    one.window_s = in.number<uint32_t>();
    made.push_back(one);
  }
  return made;
}

// False: the item breaks the grammar.
bool read_item(std::vector<PacketItem>& items, uint8_t kind, std::string_view content) {
  Reader in(content);
  switch (static_cast<Kind>(kind)) {
    case Kind::message:
      items.emplace_back(read_message(in));
      break;
    case Kind::news:
      items.emplace_back(read_news(in));
      break;
    case Kind::rates:
      items.emplace_back(read_rates(in));
      break;
    default:
      return true;
  }
  return in.at_end();
}

}  // namespace

PacketWriter::PacketWriter() { clear(); }

void PacketWriter::clear() {
  bytes_.assign(kHeaderBytes, '\0');
  items_ = 0;
}

size_t PacketWriter::begin(uint8_t kind) {
  const size_t at = bytes_.size();
  bytes_ += static_cast<char>(kind);
  bytes_.append(4, '\0');
  return at;
}

bool PacketWriter::end(size_t begun) {
  const size_t size = bytes_.size() - begun - kItemHeadBytes;
  if (size > kPacketItemBytesMax) {
    bytes_.resize(begun);
    return false;
  }
  set_number(bytes_, begun + 1, static_cast<uint32_t>(size));
  ++items_;
  return true;
}

bool PacketWriter::add(const Message& message) {
  if (message.bytes() > kPacketItemBytesMax) return false;
  const size_t begun = begin(static_cast<uint8_t>(Kind::message));
  put_number(bytes_, static_cast<uint8_t>(message.privacy));
  put_number(bytes_, static_cast<uint8_t>(message.encoding));
  put_text(bytes_, message.topic);
  put_text(bytes_, message.event);
  put_text(bytes_, message.payload);
  put_text(bytes_, message.meta);
  return end(begun);
}

bool PacketWriter::add(const PresenceNews& news) {
  if (news.bytes() > 2 * kPacketItemBytesMax) return false;
  const size_t begun = begin(static_cast<uint8_t>(Kind::news));
  put_number(bytes_, static_cast<uint8_t>(news.kind));
  put_number(bytes_, news.from);
  put_number(bytes_, news.to);
  put_number(bytes_, news.number);
  put_presences(bytes_, news.joins);
  put_presences(bytes_, news.leaves);
  return end(begun);
}

bool PacketWriter::add(std::span<const edge::RateAdmission> admissions) {
  const size_t begun = begin(static_cast<uint8_t>(Kind::rates));
  put_number(bytes_, static_cast<uint32_t>(admissions.size()));
  for (const edge::RateAdmission& one : admissions) {
    put_number(bytes_, one.key);
    put_number(bytes_, one.spent_us);
    put_number(bytes_, one.window_s);
  }
  return end(begun);
}

std::string PacketWriter::seal(std::string_view key, uint64_t node, uint64_t number,
                               int64_t wall_ms) {
  set_number(bytes_, kSignedFrom, node);
  set_number(bytes_, kSignedFrom + 8, number);
  set_number(bytes_, kSignedFrom + 16, wall_ms);
  const wire::Digest tag = wire::hmac_sha256(key, std::string_view(bytes_).substr(kSignedFrom));
  std::memcpy(bytes_.data(), kMagic.data(), kMagic.size());
  std::memcpy(bytes_.data() + kMagic.size(), tag.data(), tag.size());
  std::string sealed = std::move(bytes_);
  clear();
  return sealed;
}

std::optional<Packet> open_packet(std::string_view key, std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  const std::string_view body = bytes.substr(kSignedFrom);
  const wire::Digest tag = wire::hmac_sha256(key, body);
  const std::string_view claimed = bytes.substr(kMagic.size(), kTagBytes);
  if (!wire::constant_time_equal(wire::bytes_of(tag), claimed)) return std::nullopt;
  Reader in(body);
  Packet packet;
  packet.node = in.number<uint64_t>();
  packet.number = in.number<uint64_t>();
  packet.wall_ms = in.number<int64_t>();
  while (in.left() > 0) {
    const auto kind = in.number<uint8_t>();
    const std::string_view content = in.text();
    if (!in.ok() || !read_item(packet.items, kind, content)) return std::nullopt;
  }
  if (!in.ok()) return std::nullopt;
  return packet;
}

}  // namespace chatpad::realtime

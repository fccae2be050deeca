// Audience: which topics have a member on any loop of this program, as far as a count per slot of a
// hash can tell: "nobody" is certain, "somebody" may be another topic's member.
//
// Asked before an ephemeral event is written at all: most answers are written while nobody at the
// inbox looks at them. Thread-safe; a member that joins in the same moment may be missed, as it may
// miss what was published a moment before.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

namespace chatpad::realtime {

class Audience {
 public:
  // `key`: of a topic, as Topics has it.
  void arrived(std::string_view key) { slot(key).fetch_add(1, std::memory_order_relaxed); }
  void left(std::string_view key) { slot(key).fetch_sub(1, std::memory_order_relaxed); }
  bool may_hear(std::string_view key) const {
    return slots_[at(key)].load(std::memory_order_relaxed) > 0;
  }

 private:
  static constexpr size_t kSlots = 1 << 14;
  static size_t at(std::string_view key) { return std::hash<std::string_view>()(key) % kSlots; }
  std::atomic<uint32_t>& slot(std::string_view key) { return slots_[at(key)]; }

  std::array<std::atomic<uint32_t>, kSlots> slots_{};
};

}  // namespace chatpad::realtime

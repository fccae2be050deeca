#include "runtime/edge/key_uses.h"

#include "runtime/base/clock.h"
#include "runtime/base/log.h"

namespace chatpad::edge {
namespace {

constexpr pg::Statement kNote{"note_api_keys_used",
                              "select api.note_api_keys_used($1::uuid[], $2::bigint[])"};

}  // namespace

void KeyUses::note(const std::string& key_id) {
  const auto found = at_s_.find(key_id);
  if (found != at_s_.end()) {
    found->second = wall_s();
    return;
  }
  if (at_s_.size() >= kKeyUsesMax) return;
  at_s_.emplace(key_id, wall_s());
  if (!timer_.running()) timer_.start(loop_, kKeyUsesMs, [this] { tell(); });
}

void KeyUses::tell() {
  timer_.stop();
  if (at_s_.empty()) return;
  std::string ids = "{";
  std::string times = "{";
  for (const auto& [id, at_s] : at_s_) {
    if (ids.size() > 1) {
      ids += ',';
      times += ',';
    }
    ids += id;
    times += std::to_string(at_s);
  }
  at_s_.clear();
  scope_.spawn(write(pg::Params(ids + "}", times + "}")));
}

Task<void> KeyUses::write(pg::Params params) {
  try {
    pg::Rows written = co_await pool_.once(pg::service_claims(), kNote, std::move(params));
  } catch (const Raised& raised) {
    log::Line(LogLevel::warn, "key_uses_not_noted").field("cause", raised.error().cause.value);
  }
}

void KeyUses::stop() {
  timer_.stop();
  scope_.cancel_all();
}

}  // namespace chatpad::edge

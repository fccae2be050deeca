#include "runtime/edge/access_log.h"

#include <unistd.h>

#include <charconv>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"

namespace chatpad::edge {
namespace {

void append_number(std::string& out, uint64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, static_cast<size_t>(end - digits));
}

}  // namespace

AccessLog::AccessLog(Loop& loop, bool wanted)
    : loop_(loop), wanted_(wanted), turn_end_id_(loop.on_turn_end([this] { flush(); })) {}

AccessLog::~AccessLog() {
  flush();
  loop_.remove_turn_end(turn_end_id_);
}

void AccessLog::add(const Entry& entry) {
  if (!wanted_) return;
  if (buffer_.size() >= kBufferBytesMax) {
    ++dropped_;
    return;
  }
  const int64_t now = wall_ms();
  if (now != stamp_ms_) {
    stamp_ms_ = now;
    stamp_ = iso8601_ms(now);
  }
  buffer_ += R"({"time":")";
  buffer_ += stamp_;
  buffer_ += R"(","level":"info","event":"request","method":")";
  log::append_escaped(buffer_, entry.method.substr(0, 16));
  buffer_ += R"(","path":")";
  log::append_escaped(buffer_, entry.path.substr(0, kPathBytesMax));
  buffer_ += R"(","status":)";
  append_number(buffer_, static_cast<uint64_t>(entry.status));
  buffer_ += R"(,"us":)";
  append_number(buffer_, entry.duration_us);
  buffer_ += R"(,"db_us":)";
  append_number(buffer_, entry.db_us);
  buffer_ += R"(,"caller":")";
  buffer_ += entry.caller;
  buffer_ += R"(","address":")";
  log::append_escaped(buffer_, entry.address);
  buffer_ += R"(","request_id":")";
  buffer_ += entry.request_id;
  if (!entry.cause.empty()) {
    buffer_ += R"(","cause":")";
    log::append_escaped(buffer_, entry.cause.substr(0, log::kFieldBytesMax));
  }
  buffer_ += "\"}\n";
}

void AccessLog::flush() {
  if (buffer_.empty()) return;
  if (::write(log::fd(), buffer_.data(), buffer_.size()) < 0) ++dropped_;
  buffer_.clear();
  if (buffer_.capacity() > kBufferBytesMax / 4) buffer_.shrink_to_fit();
}

}  // namespace chatpad::edge

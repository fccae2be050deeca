#include "runtime/wire/sse.h"

#include <algorithm>
#include <utility>

namespace chatpad::wire {
namespace {

constexpr std::string_view kBom = "\xef\xbb\xbf";
constexpr uint64_t kRetryMsMax = 24ULL * 60 * 60 * 1000;

void append_single_line(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c != '\r' && c != '\n' && c != '\0') out += c;
  }
}

}  // namespace

void append_sse_event(std::string& out, const SseEvent& event) {
  append_sse_event(out, event.id, event.type, event.data);
}

void append_sse_event(std::string& out, std::string_view id, std::string_view type,
                      std::string_view data) {
  if (!id.empty()) {
    out += "id: ";
    append_single_line(out, id);
    out += '\n';
  }
  if (!type.empty()) {
    out += "event: ";
    append_single_line(out, type);
    out += '\n';
  }
  std::string_view rest = data;
  for (;;) {
    const size_t end = rest.find_first_of("\r\n");
    out += "data: ";
    out.append(rest.substr(0, end));
    out += '\n';
    if (end == std::string_view::npos) break;
    rest.remove_prefix(rest.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
  }
  out += '\n';
}

void append_sse_comment(std::string& out, std::string_view text) {
  out += ": ";
  append_single_line(out, text);
  out += "\n\n";
}

void append_sse_retry(std::string& out, uint32_t retry_ms) {
  out.append("retry: ").append(std::to_string(retry_ms)).append("\n\n");
}

void SseParser::skip_bom(std::string_view& bytes) {
  while (bom_matched_ < kBomBytes && !bytes.empty()) {
    if (bytes[0] != kBom[bom_matched_]) {
      // It was no mark after all: what looked like one belongs to the first line.
      line_.append(kBom.substr(0, bom_matched_));
      bom_matched_ = kBomBytes;
      return;
    }
    bytes.remove_prefix(1);
    ++bom_matched_;
  }
}

Result<void> SseParser::feed(std::string_view bytes, std::vector<SseEvent>& events) {
  if (!failed_) skip_bom(bytes);
  while (!failed_ && !bytes.empty()) {
    if (std::exchange(skip_line_feed_, false) && bytes[0] == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    size_t end = bytes.find('\n');
    const size_t carriage_return = bytes.substr(0, end).find('\r');
    if (carriage_return != std::string_view::npos) end = carriage_return;
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > limits_.line_bytes_max) {
      failed_ = true;
      break;
    }
    if (end == std::string_view::npos) {
      line_.append(piece);
      break;
    }
    skip_line_feed_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (line_.empty()) {
      failed_ = !line(piece, events);
    } else {
      line_.append(piece);
      failed_ = !line(line_, events);
      line_.clear();
    }
  }
  if (!failed_) return {};
  return Error(Errc::upstream_failed, PublicText("The event stream is larger than accepted."));
}

bool SseParser::line(std::string_view text, std::vector<SseEvent>& events) {
  if (text.empty()) {
    dispatch(events);
    return true;
  }
  if (text[0] == ':') return true;
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return field(text, "");
  std::string_view value = text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return field(text.substr(0, colon), value);
}

bool SseParser::field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (data_.size() + value.size() + 1 > limits_.event_bytes_max) return false;
    if (has_data_) data_ += '\n';
    data_.append(value);
    has_data_ = true;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) last_event_id_ = value;
  } else if (name == "retry") {
    const bool digits =
        !value.empty() && value.size() <= 10 &&
        std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits) {
      const uint64_t asked_ms = std::stoull(std::string(value));
      retry_ms_ = static_cast<uint32_t>(std::min(kRetryMsMax, asked_ms));
    }
  }
  return true;
}

void SseParser::reuse(std::string data) {
  if (data_.capacity() >= data.capacity() || has_data_) return;
  data_ = std::move(data);
  data_.clear();
}

void SseParser::dispatch(std::vector<SseEvent>& events) {
  if (has_data_) {
    SseEvent event;
    event.id = last_event_id_;
    event.type = type_.empty() ? "message" : type_;
    event.data = std::move(data_);
    events.push_back(std::move(event));
  }
  data_.clear();
  type_.clear();
  has_data_ = false;
}

}  // namespace chatpad::wire

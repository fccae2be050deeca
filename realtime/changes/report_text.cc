#include <cstdarg>
#include <cstdio>
#include <ctime>

#include "realtime/changes/report_parts.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kNameCharsMax = 60;
constexpr size_t kLineBytesMax = 512;

[[gnu::format(printf, 2, 3)]] void line(std::string& out, const char* format, ...) {
  char text[kLineBytesMax];
  va_list values;
  va_start(values, format);
  std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  out += text;
  out += '\n';
}

std::string bytes_text(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, kUnits[unit]);
  return text;
}

std::string bytes_text(uint64_t bytes) { return bytes_text(static_cast<double>(bytes)); }

std::string time_text(int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

void append_counts(std::string& out, const char* title, const Counts& counts) {
  std::string text;
  for (const auto& [reason, count] : counts) text += "  " + reason + " " + std::to_string(count);
  line(out, "%-10s%s", title, text.empty() ? "  none" : text.c_str());
}

void append_loop(std::string& out, const std::string& name, const Rates& rates,
                 const Totals& before, const Totals& now) {
  line(out, "%-5s %8zu %9zu %8zu %9.1f %9.1f %9.1f %11.1f %9.1f %8.1f %7zu %10s", name.c_str(),
       now.sockets, now.channels, now.topics, rates.per_s(before.joins, now.joins),
       rates.per_s(before.refused, now.refused), rates.per_s(before.messages, now.messages),
       rates.per_s(before.deliveries, now.deliveries),
       rates.per_s(before.row_changes, now.row_changes), rates.per_s(before.dropped, now.dropped),
       now.behind, bytes_text(now.unsent_bytes).c_str());
}

void append_loops(std::string& out, const RealtimeReport& before, const RealtimeReport& now) {
  const Rates rates(before, now);
  line(out, "%-5s %8s %9s %8s %9s %9s %9s %11s %9s %8s %7s %10s", "LOOP", "SOCKETS", "CHANNELS",
       "TOPICS", "JOINS/S", "REFUSED/S", "MSGS/S", "DELIVERED/S", "ROWS/S", "DROPS/S", "BEHIND",
       "UNSENT");
  for (size_t i = 0; i < now.loops.size(); ++i) {
    const LoopReport& loop = now.loops[i];
    if (!loop.answered) {
      line(out, "%-5d does not answer", loop.loop);
      continue;
    }
    append_loop(out, std::to_string(loop.loop), rates,
                i < before.loops.size() ? totals_of(before.loops[i]) : Totals(), totals_of(loop));
  }
  if (now.loops.size() > 1) append_loop(out, "all", rates, sum_of(before), sum_of(now));
}

std::string slot_text(const RealtimeReport& report, const std::string& name) {
  const pg::SlotReading* slot = slot_of(report, name);
  if (!slot) return "";
  return ", keeps " + bytes_text(static_cast<uint64_t>(slot->kept_bytes)) + " (" +
         slot->wal_status + ")";
}

void append_streams(std::string& out, const RealtimeReport& now) {
  line(out, "Durable events  %s, lag %s%s, gaps %llu, reconnects %llu, horizon lag %llu",
       now.feed.live ? "live" : "AWAY", bytes_text(now.feed.lag_bytes).c_str(),
       slot_text(now, now.feed_slot).c_str(), static_cast<unsigned long long>(now.feed.gaps),
       static_cast<unsigned long long>(now.feed.reconnects),
       static_cast<unsigned long long>(now.horizon_lag));
  if (now.changes_slot.empty()) {
    line(out, "Row changes     nobody wants any");
  } else {
    line(out, "Row changes     %s, lag %s%s, gaps %llu, pauses %llu, in memory %s",
         now.changes.live ? "live" : "AWAY", bytes_text(now.changes.lag_bytes).c_str(),
         slot_text(now, now.changes_slot).c_str(),
         static_cast<unsigned long long>(now.changes.gaps),
         static_cast<unsigned long long>(now.changes.pauses),
         bytes_text(static_cast<uint64_t>(now.changes.in_flight_bytes)).c_str());
  }
  const std::string limit = now.wal.limit_bytes < 0
                                ? "no limit (max_slot_wal_keep_size = -1)"
                                : bytes_text(static_cast<uint64_t>(now.wal.limit_bytes));
  line(out, "Log kept        %s of %s%s",
       bytes_text(static_cast<uint64_t>(now.wal.kept_bytes())).c_str(), limit.c_str(),
       now.wal_alarm ? ", ALARM: over half" : "");
}

void append_tables(std::string& out, const RealtimeReport& now, size_t shown) {
  const std::vector<PersonaReport> personas = personas_of(now, shown);
  if (!personas.empty()) {
    line(out, "\n%-14s %-36s %8s %8s %8s %10s %9s", "PERSONA", "SUBJECT", "CHANNELS", "WAITING",
         "CHECKS", "MS IN ALL", "MS EACH");
  }
  for (const PersonaReport& persona : personas) {
    const double ms = static_cast<double>(persona.check_us) / 1000;
    line(out, "%-14s %-36s %8zu %8zu %8llu %10.1f %9.2f", persona.role.c_str(),
         printable(persona.subject, 36).c_str(), persona.subscribers, persona.waiting,
         static_cast<unsigned long long>(persona.checks), ms,
         persona.checks == 0 ? 0 : ms / static_cast<double>(persona.checks));
  }
  const std::vector<TopicReport> topics = topics_of(now, shown);
  if (!topics.empty()) line(out, "\n%9s %8s  %-8s %s", "MSGS/S", "MEMBERS", "", "TOPIC");
  for (const TopicReport& topic : topics) {
    line(out, "%9.1f %8zu  %-8s %s", topic.messages_per_s, topic.members,
         topic.privacy == Privacy::restricted ? "private" : "public",
         printable(topic.name, kNameCharsMax).c_str());
  }
}

}  // namespace

// UTF-8 stays; a byte that is no part of a character of two or more bytes is a control or ASCII.
std::string printable(std::string_view text, size_t chars_max) {
  std::string out;
  size_t chars = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const bool continues = (byte & 0xC0) == 0x80;
    if (!continues && chars++ == chars_max) return out + "...";
    // U+0080 to U+009F are controls of two bytes, and terminals obey them.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || c1) {
      out += '?';
      if (c1) ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string report_text(const RealtimeReport& before, const RealtimeReport& now, size_t shown) {
  std::string out;
  line(out, "ChatPad %s, process %d, %s, over %.1f s\n", CHATPAD_VERSION, now.pid,
       time_text(now.wall_ms).c_str(), static_cast<double>(now.at_ms - before.at_ms) / 1000);
  append_loops(out, before, now);
  out += '\n';
  append_streams(out, now);
  out += "\nSince the start\n";
  append_counts(out, "  dropped", drops_of(now));
  append_counts(out, "  refused", refusals_of(now));
  append_counts(out, "  closed", closes_of(now));
  append_tables(out, now, shown);
  return out;
}

}  // namespace chatpad::realtime

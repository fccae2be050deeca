#include "runtime/pg/pgoutput.h"

#include <charconv>
#include <cstdio>

namespace chatpad::pg::pgoutput {
namespace {

// PostgreSQL counts from 2000-01-01.
constexpr int64_t kEpochUs = 946'684'800'000'000;

// Reads big-endian fields. After the first field that is not there everything reads as zero and
// `ok()` stays false, so a message is checked once, at its end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && bytes_.empty(); }

  std::string_view take(size_t size) {
    if (!ok_ || size > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  uint64_t number(size_t size) {
    uint64_t value = 0;
    for (const char c : take(size)) value = (value << 8) | static_cast<uint8_t>(c);
    return value;
  }
  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  char letter() { return static_cast<char>(u8()); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  int64_t time_us() { return static_cast<int64_t>(u64() + static_cast<uint64_t>(kEpochUs)); }
  std::string_view text() {
    const size_t end = bytes_.find('\0');
    if (!ok_ || end == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const std::string_view value = bytes_.substr(0, end);
    bytes_.remove_prefix(end + 1);
    return value;
  }
  void fail() { ok_ = false; }
  size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

Error malformed(const char* what) {
  return Error(Errc::internal, PublicText(), LogText(std::string("pgoutput: malformed ") + what));
}

Tuple read_tuple(Reader& in) {
  const size_t count = in.u16();
  Tuple tuple;
  // Every value takes at least one byte.
  if (count > kColumnsMax || count > in.left()) {
    in.fail();
    return tuple;
  }
  tuple.reserve(count);
  for (size_t i = 0; i < count && in.ok(); ++i) {
    Value value;
    switch (in.letter()) {
      case 'n':
        value.kind = Kind::null;
        break;
      case 'u':
        value.kind = Kind::unchanged;
        break;
      case 't':
        value.kind = Kind::text;
        value.text = in.take(in.u32());
        break;
      case 'b':
        value.kind = Kind::binary;
        value.text = in.take(in.u32());
        break;
      default:
        in.fail();
    }
    tuple.push_back(value);
  }
  return tuple;
}

Relation read_relation(Reader& in) {
  Relation relation;
  relation.id = in.u32();
  relation.schema = in.text();
  relation.name = in.text();
  relation.replica_identity = in.letter();
  const size_t count = in.u16();
  if (count > kColumnsMax || count > in.left()) in.fail();
  for (size_t i = 0; i < count && in.ok(); ++i) {
    RelationColumn column;
    column.key = (in.u8() & 1) ? KeyPart::yes : KeyPart::no;
    column.name = in.text();
    column.type_oid = in.u32();
    column.type_modifier = static_cast<int32_t>(in.u32());
    relation.columns.push_back(std::move(column));
  }
  return relation;
}

// The letter before an old row, or the one before the new row when there is no old one.
OldRow old_kind(char letter) {
  if (letter == 'K') return OldRow::key;
  return letter == 'O' ? OldRow::full : OldRow::none;
}

Insert read_insert(Reader& in) {
  Insert insert;
  insert.relation_id = in.u32();
  if (in.letter() != 'N') in.fail();
  insert.row = read_tuple(in);
  return insert;
}

Update read_update(Reader& in) {
  Update update;
  update.relation_id = in.u32();
  char letter = in.letter();
  update.old_kind = old_kind(letter);
  if (update.old_kind != OldRow::none) {
    update.old_row = read_tuple(in);
    letter = in.letter();
  }
  if (letter != 'N') in.fail();
  update.row = read_tuple(in);
  return update;
}

Delete read_delete(Reader& in) {
  Delete gone;
  gone.relation_id = in.u32();
  gone.old_kind = old_kind(in.letter());
  if (gone.old_kind == OldRow::none) in.fail();
  gone.old_row = read_tuple(in);
  return gone;
}

Truncate read_truncate(Reader& in) {
  Truncate truncate;
  const size_t count = in.u32();
  truncate.options = in.u8();
  if (count > in.left() / 4) in.fail();
  for (size_t i = 0; i < count && in.ok(); ++i) truncate.relation_ids.push_back(in.u32());
  return truncate;
}

Message read_message(Reader& in) {
  Message message;
  message.flags = in.u8();
  message.lsn = in.u64();
  message.prefix = in.text();
  message.content = in.take(in.u32());
  return message;
}

Begin read_begin(Reader& in) {
  Begin begin;
  begin.final_lsn = in.u64();
  begin.commit_us = in.time_us();
  begin.xid = in.u32();
  return begin;
}

Commit read_commit(Reader& in) {
  Commit commit;
  in.u8();  // flags, unused
  commit.commit_lsn = in.u64();
  commit.end_lsn = in.u64();
  commit.commit_us = in.time_us();
  return commit;
}

Origin read_origin(Reader& in) {
  Origin origin;
  origin.commit_lsn = in.u64();
  origin.name = in.text();
  return origin;
}

Type read_type(Reader& in) {
  Type type;
  type.id = in.u32();
  type.schema = in.text();
  type.name = in.text();
  return type;
}

Event read_event(char letter, Reader& in) {
  switch (letter) {
    case 'B':
      return read_begin(in);
    case 'C':
      return read_commit(in);
    case 'O':
      return read_origin(in);
    case 'R':
      return read_relation(in);
    case 'Y':
      return read_type(in);
    case 'I':
      return read_insert(in);
    case 'U':
      return read_update(in);
    case 'D':
      return read_delete(in);
    case 'T':
      return read_truncate(in);
    case 'M':
      return read_message(in);
    default:
      in.fail();
      return Begin{};
  }
}

void put_u64(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

}  // namespace

int Relation::column(std::string_view wanted) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == wanted) return static_cast<int>(i);
  }
  return -1;
}

Result<Event> decode(std::string_view bytes) {
  Reader in(bytes);
  const char letter = in.letter();
  Event event = read_event(letter, in);
  if (!in.at_end()) return malformed("message");
  return event;
}

Result<Frame> decode_frame(std::string_view bytes) {
  Reader in(bytes);
  switch (in.letter()) {
    case 'w': {
      XLogData data;
      data.start = in.u64();
      data.wal_end = in.u64();
      in.u64();
      data.payload = in.take(in.left());
      if (!in.ok()) return malformed("data frame");
      return Frame(data);
    }
    case 'k': {
      KeepAlive alive;
      alive.wal_end = in.u64();
      in.u64();
      alive.reply = in.u8() ? Reply::wanted : Reply::not_needed;
      if (!in.at_end()) return malformed("keep-alive");
      return Frame(alive);
    }
    default:
      return malformed("frame");
  }
}

std::string encode_status(Lsn lsn, int64_t unix_us, Reply reply) {
  std::string out;
  out.reserve(34);
  out += 'r';
  put_u64(out, lsn);
  put_u64(out, lsn);
  put_u64(out, lsn);
  put_u64(out, static_cast<uint64_t>(unix_us - kEpochUs));
  out += reply == Reply::wanted ? '\1' : '\0';
  return out;
}

std::string lsn_text(Lsn lsn) {
  char text[24];
  std::snprintf(text, sizeof text, "%X/%X", static_cast<unsigned>(lsn >> 32),
                static_cast<unsigned>(lsn));
  return text;
}

std::optional<Lsn> parse_lsn(std::string_view text) {
  uint32_t high = 0;
  uint32_t low = 0;
  const char* end = text.data() + text.size();
  auto parsed = std::from_chars(text.data(), end, high, 16);
  if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != '/') return std::nullopt;
  parsed = std::from_chars(parsed.ptr + 1, end, low, 16);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return (static_cast<Lsn>(high) << 32) | low;
}

}  // namespace chatpad::pg::pgoutput

// pgoutput: the messages of PostgreSQL's built-in logical decoding plugin, protocol version 1, and
// the frames around them on a replication connection. A pure codec: bytes in, values out, no I/O.
//
// Every length is checked against what is there; anything that does not add up, or is left over, is
// an Error (Errc::internal: the peer is our own server). Views in an Event point into the bytes
// given. Timestamps come out as Unix microseconds. Streaming of large transactions (protocol 2 and
// later) is not requested and not understood.
//
// Source: PostgreSQL 15 manual, 55.4 (streaming replication protocol), 55.9 (logical replication
// message formats).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::pg::pgoutput {

using Lsn = uint64_t;

constexpr size_t kColumnsMax = 1664;  // MaxTupleAttributeNumber

struct Begin {
  Lsn final_lsn = 0;
  int64_t commit_us = 0;
  uint32_t xid = 0;
};

struct Commit {
  Lsn commit_lsn = 0;
  Lsn end_lsn = 0;
  int64_t commit_us = 0;
};

struct Origin {
  Lsn commit_lsn = 0;
  std::string_view name;
};

enum class KeyPart : uint8_t { no, yes };

struct RelationColumn {
  KeyPart key = KeyPart::no;
  std::string name;
  uint32_t type_oid = 0;
  int32_t type_modifier = 0;
};

// Owns its text: the cache keeps it.
struct Relation {
  uint32_t id = 0;
  std::string schema;
  std::string name;
  char replica_identity = 'd';
  std::vector<RelationColumn> columns;

  // -1 when there is none.
  int column(std::string_view wanted) const;
};

struct Type {
  uint32_t id = 0;
  std::string_view schema;
  std::string_view name;
};

// `unchanged`: a TOASTed value that the update did not touch and the log does not hold.
enum class Kind : uint8_t { null, unchanged, text, binary };

struct Value {
  Kind kind = Kind::null;
  std::string_view text;
};
using Tuple = std::vector<Value>;

// What an UPDATE or DELETE says about the old row: nothing, its key, or all of it.
enum class OldRow : uint8_t { none, key, full };

struct Insert {
  uint32_t relation_id = 0;
  Tuple row;
};

struct Update {
  uint32_t relation_id = 0;
  OldRow old_kind = OldRow::none;
  Tuple old_row;
  Tuple row;
};

struct Delete {
  uint32_t relation_id = 0;
  OldRow old_kind = OldRow::none;
  Tuple old_row;
};

struct Truncate {
  uint8_t options = 0;  // 1 cascade, 2 restart identity
  std::vector<uint32_t> relation_ids;
};

struct Message {
  uint8_t flags = 0;  // 1 transactional
  Lsn lsn = 0;
  std::string_view prefix;
  std::string_view content;
};

using Event =
    std::variant<Begin, Commit, Origin, Relation, Type, Insert, Update, Delete, Truncate, Message>;

Result<Event> decode(std::string_view bytes);

// The frames inside CopyData.
struct XLogData {
  Lsn start = 0;
  Lsn wal_end = 0;
  std::string_view payload;
};

enum class Reply : uint8_t { not_needed, wanted };

struct KeepAlive {
  Lsn wal_end = 0;
  Reply reply = Reply::not_needed;
};

using Frame = std::variant<XLogData, KeepAlive>;

Result<Frame> decode_frame(std::string_view bytes);
// Standby status update 'r': everything before `lsn` is received, written and flushed.
// `reply`: the server answers at once.
std::string encode_status(Lsn lsn, int64_t unix_us, Reply reply = Reply::not_needed);

// "16/B374D848" and back.
std::string lsn_text(Lsn lsn);
std::optional<Lsn> parse_lsn(std::string_view text);

}  // namespace chatpad::pg::pgoutput

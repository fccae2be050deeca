// The replication stream, as frames, as messages and as a whole: every view points into the bytes
// given, what was decoded writes back as the same bytes, no part of a message is a message, and
// rows of realtime.messages become events that hold nothing their row does not.
//
// A stream is a run of messages with two bytes of length before each.
//
// uses: runtime/pg/pgoutput.cc realtime/changes/event_row.cc runtime/base/error.cc
// uses: runtime/base/check.cc
// links:
#include <functional>
#include <map>

#include "realtime/changes/event_row.h"
#include "runtime/base/check.h"

using namespace chatpad;
using namespace chatpad::pg::pgoutput;

namespace {

constexpr uint64_t kEpochUs = 946'684'800'000'000;
constexpr size_t kRelationsMax = 8;  // of one stream

bool inside(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> before;
  return part.empty() || (before(whole.data(), part.data()) &&
                          before(part.data() + part.size(), whole.data() + whole.size()));
}

// Writes an Event as PostgreSQL does. Bits that the decoder does not keep come from `original`.
class Writer {
 public:
  explicit Writer(std::string_view original) : original_(original) {}

  std::string write(const Event& event) {
    std::visit([this](const auto& message) { put(message); }, event);
    return std::move(out_);
  }

 private:
  void number(uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out_ += static_cast<char>(value >> shift);
    }
  }
  void text(std::string_view value) {
    out_.append(value);
    out_ += '\0';
  }
  void view(std::string_view value) {
    CHECK(inside(value, original_), "views point into the message");
  }
  void unkept() { out_ += original_[out_.size()]; }
  void time_us(int64_t value) { number(static_cast<uint64_t>(value) - kEpochUs, 8); }

  void tuple(const Tuple& tuple) {
    CHECK(tuple.size() <= kColumnsMax && tuple.capacity() <= kColumnsMax, "a row is bounded");
    number(tuple.size(), 2);
    for (const Value& value : tuple) {
      view(value.text);
      constexpr std::string_view kLetters = "nutb";
      out_ += kLetters[static_cast<size_t>(value.kind)];
      if (value.kind != Kind::text && value.kind != Kind::binary) {
        CHECK(value.text.empty(), "what is not there has no text");
        continue;
      }
      number(value.text.size(), 4);
      out_.append(value.text);
    }
  }
  void old_row(OldRow kind, const Tuple& row) {
    CHECK(kind != OldRow::none || row.empty(), "an old row has a kind");
    if (kind == OldRow::none) return;
    out_ += kind == OldRow::key ? 'K' : 'O';
    tuple(row);
  }

  void put(const Begin& begin) {
    out_ += 'B';
    number(begin.final_lsn, 8);
    time_us(begin.commit_us);
    number(begin.xid, 4);
  }
  void put(const Commit& commit) {
    out_ += 'C';
    unkept();  // flags
    number(commit.commit_lsn, 8);
    number(commit.end_lsn, 8);
    time_us(commit.commit_us);
  }
  void put(const Origin& origin) {
    out_ += 'O';
    view(origin.name);
    number(origin.commit_lsn, 8);
    text(origin.name);
  }
  void put(const Relation& relation) {
    out_ += 'R';
    number(relation.id, 4);
    text(relation.schema);
    text(relation.name);
    out_ += relation.replica_identity;
    CHECK(relation.columns.size() <= kColumnsMax, "a table is bounded");
    number(relation.columns.size(), 2);
    for (const RelationColumn& column : relation.columns) {
      unkept();  // flags of which one counts
      CHECK(((out_.back() & 1) != 0) == (column.key == KeyPart::yes), "key columns are told");
      text(column.name);
      number(column.type_oid, 4);
      number(static_cast<uint32_t>(column.type_modifier), 4);
      const int at = relation.column(column.name);
      CHECK(at >= 0 && relation.columns[static_cast<size_t>(at)].name == column.name,
            "columns are found by name");
    }
  }
  void put(const Type& type) {
    out_ += 'Y';
    view(type.schema);
    view(type.name);
    number(type.id, 4);
    text(type.schema);
    text(type.name);
  }
  void put(const Insert& insert) {
    out_ += 'I';
    number(insert.relation_id, 4);
    out_ += 'N';
    tuple(insert.row);
  }
  void put(const Update& update) {
    out_ += 'U';
    number(update.relation_id, 4);
    old_row(update.old_kind, update.old_row);
    out_ += 'N';
    tuple(update.row);
  }
  void put(const Delete& gone) {
    out_ += 'D';
    CHECK(gone.old_kind != OldRow::none, "a deleted row is told");
    number(gone.relation_id, 4);
    old_row(gone.old_kind, gone.old_row);
  }
  void put(const Truncate& truncate) {
    out_ += 'T';
    number(truncate.relation_ids.size(), 4);
    out_ += static_cast<char>(truncate.options);
    for (const uint32_t id : truncate.relation_ids) number(id, 4);
  }
  void put(const Message& message) {
    out_ += 'M';
    view(message.prefix);
    view(message.content);
    out_ += static_cast<char>(message.flags);
    number(message.lsn, 8);
    text(message.prefix);
    number(message.content.size(), 4);
    out_.append(message.content);
  }

  std::string_view original_;
  std::string out_;
};

void check_error(const Error& error, const Error& again) {
  CHECK(error.errc == Errc::internal && error.message.value.empty(),
        "what our own server sends wrong is told to nobody");
  CHECK(error.cause.value == again.cause.value && error.cause.value.size() < 64,
        "the same bytes fail the same way, and none of them reach the log");
}

std::optional<Event> check_message(std::string_view bytes) {
  Result<Event> event = decode(bytes);
  if (!event.ok()) {
    const Result<Event> again = decode(bytes);
    check_error(event.error(), again.error());
    return std::nullopt;
  }
  CHECK(Writer(bytes).write(*event) == bytes, "a message writes back the same");
  CHECK(!decode(bytes.substr(0, bytes.size() - 1)).ok(), "the last byte is needed");
  CHECK(!decode(bytes.substr(0, bytes.size() / 2)).ok(), "half a message is none");
  CHECK(!decode(std::string(bytes) + '\0').ok(), "nothing is left over");
  return std::move(*event);
}

void check_frame(std::string_view bytes) {
  const Result<Frame> frame = decode_frame(bytes);
  if (!frame.ok()) {
    const Result<Frame> again = decode_frame(bytes);
    check_error(frame.error(), again.error());
    return;
  }
  if (const auto* data = std::get_if<XLogData>(&*frame)) {
    CHECK(inside(data->payload, bytes) && data->payload.size() + 25 == bytes.size(),
          "a data frame is its head and its payload");
    check_message(data->payload);
    return;
  }
  const auto& alive = std::get<KeepAlive>(*frame);
  CHECK(bytes.size() == 18 && (alive.reply == Reply::wanted) == (bytes[17] != 0),
        "a keep-alive has its size");
  const std::string status = encode_status(alive.wal_end, kEpochUs);
  CHECK(status.size() == 34 && status.substr(1, 8) == bytes.substr(1, 8),
        "a status says the position it was given");
  CHECK(!decode_frame(status).ok(), "what we send is nothing we receive");
  CHECK(parse_lsn(lsn_text(alive.wal_end)) == alive.wal_end, "a position reads back the same");
}

// The text of a column, found without event_of_row's help.
std::optional<std::string_view> column(const Relation& relation, const Tuple& row,
                                       std::string_view name) {
  for (size_t i = 0; i < std::min(relation.columns.size(), row.size()); ++i) {
    if (relation.columns[i].name != name) continue;
    if (row[i].kind != Kind::text) return std::nullopt;
    return row[i].text;
  }
  return std::nullopt;
}

void check_row(const Relation& relation, const Tuple& row) {
  const std::optional<edge::DurableEvent> event = realtime::event_of_row(relation, row);
  const auto text = [&](std::string_view name) { return column(relation, row, name); };
  const bool deliverable = text("extension") == "broadcast" &&
                           !text("topic").value_or("").empty() &&
                           !text("event").value_or("").empty();
  CHECK(event.has_value() == deliverable, "broadcasts with a name and a topic are delivered");
  if (!event) return;
  CHECK(event->topic == *text("topic") && event->event == *text("event"), "names are the row's");
  CHECK(event->payload_json == text("payload").value_or(""), "the payload is the row's");
  CHECK(event->id == text("id").value_or("") && event->xid == text("xid").value_or(""),
        "ids are the row's");
  CHECK(event->is_private || text("private") == "f", "only a row that says so is public");
  CHECK(event->binary_payload.size() * 2 <= text("binary_payload").value_or("").size(),
        "bytes are half their hex digits");
  size_t also_bytes = 0;
  for (const std::string& topic : event->also_topics) also_bytes += topic.size();
  CHECK(also_bytes <= text("also_topics").value_or("").size(), "further topics are the row's");
}

void check_stream(std::string_view bytes) {
  std::map<uint32_t, Relation> relations;
  while (bytes.size() > 2) {
    const size_t said = static_cast<uint8_t>(bytes[0]) * 256u + static_cast<uint8_t>(bytes[1]);
    const std::string_view message = bytes.substr(2, said);
    bytes.remove_prefix(2 + message.size());
    std::optional<Event> event = check_message(message);
    if (!event) continue;
    if (auto* relation = std::get_if<Relation>(&*event)) {
      if (relations.size() < kRelationsMax) relations[relation->id] = std::move(*relation);
    } else if (const auto* insert = std::get_if<Insert>(&*event)) {
      const auto table = relations.find(insert->relation_id);
      if (table != relations.end()) check_row(table->second, insert->row);
    }
  }
}

void check_literals(std::string_view text) {
  const auto elements = realtime::parse_text_array(text);
  if (elements) {
    std::string out = "{";
    for (const std::string& element : *elements) {
      if (out.size() > 1) out += ',';
      out += '"';
      for (const char c : element) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
      out += '"';
    }
    CHECK(realtime::parse_text_array(out + "}") == elements, "an array reads back the same");
    CHECK(elements->size() <= text.size() / 2, "every element takes its place");
    const std::string open(text.substr(0, text.size() - 1));
    CHECK(!realtime::parse_text_array(open + ",}"), "nothing is no element");
  }
  const auto bytes = realtime::parse_bytea(text);
  if (bytes) {
    std::string out = "\\x";
    for (const char c : *bytes) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      out += kDigits[static_cast<uint8_t>(c) >> 4];
      out += kDigits[static_cast<uint8_t>(c) & 15];
    }
    CHECK(out.size() == text.size() && realtime::parse_bytea(out) == bytes,
          "bytes read back the same");
  }
  const auto lsn = parse_lsn(text);
  if (lsn) CHECK(parse_lsn(lsn_text(*lsn)) == lsn, "a position reads back the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_frame(bytes);
  check_message(bytes);
  check_stream(bytes);
  check_literals(bytes);
  return 0;
}

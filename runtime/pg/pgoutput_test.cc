#include "runtime/pg/pgoutput.h"

#include <gtest/gtest.h>

#include <random>

namespace chatpad::pg::pgoutput {
namespace {

using namespace std::string_literals;

// Builds messages byte by byte, so that the tests do not share code with the decoder.
std::string be(uint64_t value, int size) {
  std::string out;
  for (int i = size - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string z(const std::string& text) { return text + '\0'; }
std::string t(const std::string& text) { return "t" + be(text.size(), 4) + text; }

const std::string kBegin = "B" + be(0x16B374D848, 8) + be(1'000'000, 8) + be(771, 4);
const std::string kCommit = "C\0"s + be(0x10, 8) + be(0x20, 8) + be(0, 8);
const std::string kRelation = "R" + be(16390, 4) + z("public") + z("notes") + "d" + be(2, 2) +
                              "\1" + z("id") + be(20, 4) + be(0xffffffff, 4) + "\0"s + z("text") +
                              be(25, 4) + be(0xffffffff, 4);
const std::string kInsert = "I" + be(16390, 4) + "N" + be(3, 2) + t("7") + "n" + t("hallo\n");
const std::string kUpdate =
    "U" + be(16390, 4) + "K" + be(2, 2) + t("7") + "n" + "N" + be(2, 2) + t("8") + "u";
const std::string kUpdatePlain = "U" + be(16390, 4) + "N" + be(1, 2) + t("8");
const std::string kDelete = "D" + be(16390, 4) + "O" + be(2, 2) + t("7") + t("x");
const std::string kTruncate = "T" + be(2, 4) + "\3" + be(16390, 4) + be(16391, 4);
const std::string kMessage = "M\1" + be(0x30, 8) + z("chatpad") + be(3, 4) + "a\0b"s;
const std::string kOrigin = "O" + be(0x40, 8) + z("elsewhere");
const std::string kType = "Y" + be(16400, 4) + z("public") + z("mood");

template <class T>
T decoded(const std::string& bytes) {
  Result<Event> event = decode(bytes);
  EXPECT_TRUE(event.ok());
  if (!event.ok() || !std::holds_alternative<T>(*event)) {
    ADD_FAILURE() << "another message than expected";
    return T();
  }
  return std::get<T>(*event);
}

TEST(Pgoutput, decodes_the_frame_of_a_transaction) {
  const auto begin = decoded<Begin>(kBegin);
  EXPECT_EQ(lsn_text(begin.final_lsn), "16/B374D848");
  EXPECT_EQ(begin.commit_us, 946'684'801'000'000);
  EXPECT_EQ(begin.xid, 771u);
  const auto commit = decoded<Commit>(kCommit);
  EXPECT_EQ(commit.commit_lsn, 0x10u);
  EXPECT_EQ(commit.end_lsn, 0x20u);
}

TEST(Pgoutput, decodes_a_relation_with_its_key) {
  const auto relation = decoded<Relation>(kRelation);
  EXPECT_EQ(relation.schema, "public");
  EXPECT_EQ(relation.name, "notes");
  ASSERT_EQ(relation.columns.size(), 2u);
  EXPECT_EQ(relation.columns[0].key, KeyPart::yes);
  EXPECT_EQ(relation.columns[1].type_modifier, -1);
  EXPECT_EQ(relation.column("text"), 1);
  EXPECT_EQ(relation.column("no"), -1);
}

TEST(Pgoutput, decodes_rows_with_nulls_and_unchanged_values) {
  const auto insert = decoded<Insert>(kInsert);
  ASSERT_EQ(insert.row.size(), 3u);
  EXPECT_EQ(insert.row[1].kind, Kind::null);
  EXPECT_EQ(insert.row[2].text, "hallo\n");
  const auto update = decoded<Update>(kUpdate);
  EXPECT_EQ(update.old_kind, OldRow::key);
  EXPECT_EQ(update.old_row[0].text, "7");
  EXPECT_EQ(update.row[1].kind, Kind::unchanged);
  EXPECT_EQ(decoded<Update>(kUpdatePlain).old_kind, OldRow::none);
  EXPECT_EQ(decoded<Delete>(kDelete).old_kind, OldRow::full);
}

TEST(Pgoutput, decodes_the_rare_messages) {
  EXPECT_EQ(decoded<Truncate>(kTruncate).relation_ids, (std::vector<uint32_t>{16390, 16391}));
  EXPECT_EQ(decoded<Message>(kMessage).content, "a\0b"s);
  EXPECT_EQ(decoded<Origin>(kOrigin).name, "elsewhere");
  EXPECT_EQ(decoded<Type>(kType).name, "mood");
}

TEST(Pgoutput, refuses_every_truncation_and_every_left_over) {
  for (const std::string& whole : {kBegin, kCommit, kRelation, kInsert, kUpdate, kUpdatePlain,
                                   kDelete, kTruncate, kMessage, kOrigin, kType}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(decode(whole.substr(0, size)).ok()) << whole[0] << size;
    }
    EXPECT_FALSE(decode(whole + "x").ok()) << whole[0];
  }
}

TEST(Pgoutput, refuses_lengths_that_lie) {
  EXPECT_FALSE(decode("I" + be(1, 4) + "N" + be(0xffff, 2)).ok());
  EXPECT_FALSE(decode("I" + be(1, 4) + "N" + be(1, 2) + "t" + be(0xffffffff, 4)).ok());
  EXPECT_FALSE(decode("T" + be(0xffffffff, 4) + "\0"s).ok());
  EXPECT_FALSE(decode("R" + be(1, 4) + z("a") + z("b") + "d" + be(0xffff, 2)).ok());
  EXPECT_FALSE(decode("I" + be(1, 4) + "X" + be(0, 2)).ok());
  EXPECT_FALSE(decode("S").ok());
}

TEST(Pgoutput, survives_random_bytes) {
  std::mt19937 random(7);
  const std::vector<std::string> seeds{kBegin, kRelation, kInsert, kUpdate, kTruncate, kMessage};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = seeds[random() % seeds.size()];
    for (int flips = 0; flips < 3; ++flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    (void)decode(bytes).ok();
    (void)decode_frame(bytes).ok();
  }
}

TEST(Pgoutput, decodes_frames_and_encodes_a_status) {
  const std::string data = "w" + be(1, 8) + be(2, 8) + be(3, 8) + kBegin;
  const Result<Frame> frame = decode_frame(data);
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(std::get<XLogData>(*frame).payload, kBegin);
  const Result<Frame> alive = decode_frame("k" + be(9, 8) + be(3, 8) + "\1");
  ASSERT_TRUE(alive.ok());
  EXPECT_EQ(std::get<KeepAlive>(*alive).wal_end, 9u);
  EXPECT_EQ(std::get<KeepAlive>(*alive).reply, Reply::wanted);
  EXPECT_FALSE(decode_frame("k" + be(9, 8)).ok());
  EXPECT_FALSE(decode_frame("").ok());
  EXPECT_EQ(encode_status(5, 946'684'800'000'001),
            "r" + be(5, 8) + be(5, 8) + be(5, 8) + be(1, 8) + "\0"s);
  EXPECT_EQ(encode_status(5, 946'684'800'000'001, Reply::wanted).back(), '\1');
}

TEST(Pgoutput, reads_positions_strictly) {
  EXPECT_EQ(parse_lsn("16/B374D848"), Lsn{0x16B374D848});
  for (const char* bad : {"", "1", "/", "1/", "/1", "1/g", "1/2/3", "123456789/0"}) {
    EXPECT_FALSE(parse_lsn(bad)) << bad;
  }
}

}  // namespace
}  // namespace chatpad::pg::pgoutput

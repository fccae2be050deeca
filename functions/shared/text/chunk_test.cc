#include "functions/shared/text/chunk.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>

#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::text {
namespace {

TEST(Chunks, carry_the_path_of_their_headings) {
  const auto chunks = chunk_text(
      "# Shop\n\nWelcome to us.\n\n## Returns\nYou may return goods.\n\n### Abroad\nAsk first.\n"
      "\n## Shipping\nWe ship daily.\n");
  ASSERT_EQ(chunks.size(), 4u);
  EXPECT_EQ(chunks[0].heading, "Shop");
  EXPECT_EQ(chunks[1].heading, "Shop > Returns");
  EXPECT_EQ(chunks[2].heading, "Shop > Returns > Abroad");
  EXPECT_EQ(chunks[3].heading, "Shop > Shipping");
  EXPECT_EQ(chunks[3].content, "We ship daily.");
  EXPECT_FALSE(chunks[0].page.has_value());
}

TEST(Chunks, read_underlined_numbered_bare_and_question_headings) {
  const auto chunks = chunk_text(
      "Guide\n=====\n\nText one.\n\n1.2. Opening the box\n\nText two.\n\nOpening hours\n\n"
      "We open at nine.\n\nQ: May I bring a dog?\nA: Yes, on a leash.\n");
  ASSERT_EQ(chunks.size(), 4u);
  EXPECT_EQ(chunks[0].heading, "Guide");
  EXPECT_EQ(chunks[1].heading, "Guide > 1.2. Opening the box");
  EXPECT_EQ(chunks[2].heading, "Guide > 1.2. Opening the box > Opening hours");
  EXPECT_TRUE(chunks[3].heading.ends_with("May I bring a dog?"));
  EXPECT_EQ(chunks[3].content, "A: Yes, on a leash.");
}

TEST(Chunks, know_their_page_when_the_text_has_form_feeds) {
  const auto chunks = chunk_text("First page text.\f# Second\nMore text.\f\n# Third\nThe end.");
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].page, 1);
  EXPECT_EQ(chunks[1].page, 2);
  EXPECT_EQ(chunks[2].page, 3);
}

TEST(Chunks, say_which_characters_of_the_text_they_are) {
  const auto chunks = chunk_text("# Größe\n\nÄpfel. Birnen.\n\n## B\nZwei.\n");
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(chunks[0].start, 5 + 2);  // behind the heading and an empty line
  EXPECT_EQ(chunks[0].end, 7 + 14);
  EXPECT_EQ(chunks[1].start, 21 + 2 + 1 + 2);
  EXPECT_EQ(chunks[1].end, 26 + 5);
}

TEST(Chunks, go_on_where_another_chunker_stopped) {
  std::vector<Block> blocks;
  for (int i = 0; i < 40; ++i) {
    if (i % 7 == 0) {
      blocks.push_back({BlockKind::heading, 1 + i % 3, i, "Heading " + std::to_string(i)});
    }
    blocks.push_back({BlockKind::paragraph, 0, i, "This is sentence " + std::to_string(i) + "."});
  }
  const auto run = [&blocks](std::size_t stop) {
    std::vector<Chunk> chunks;
    const auto sink = [&chunks](Chunk chunk) { chunks.push_back(std::move(chunk)); };
    Chunker first(sink);
    for (std::size_t i = 0; i < stop; ++i) first.add(blocks[i]);
    first.flush();
    Chunker second(sink, first.place());
    for (std::size_t i = stop; i < blocks.size(); ++i) second.add(blocks[i]);
    second.flush();
    return chunks;
  };
  for (std::size_t stop = 0; stop <= blocks.size(); ++stop) {
    const auto chunks = run(stop);
    EXPECT_EQ(chunks.back().heading, run(0).back().heading);
    EXPECT_EQ(chunks.back().end, run(0).back().end);
  }
}

TEST(Chunks, keep_sentences_whole_and_sizes_in_bounds) {
  std::string text;
  for (int paragraph = 0; paragraph < 20; ++paragraph) {
    for (int i = 0; i < 9; ++i) {
      text += "Sentence number " + std::to_string(paragraph * 9 + i) +
              " says a few things about nothing at all.\n";
    }
    text += "\n";
  }
  const auto chunks = chunk_text(text);
  ASSERT_GT(chunks.size(), 5u);
  std::size_t seen = 0;
  for (const Chunk& chunk : chunks) {
    EXPECT_LE(count_words(chunk.content), kChunkWordsMax);
    EXPECT_TRUE(chunk.content.starts_with("Sentence number"));
    EXPECT_TRUE(chunk.content.ends_with("at all."));
    seen += split_sentences(chunk.content).size();
  }
  EXPECT_EQ(seen, 180u);
}

TEST(Chunks, leave_commands_and_tables_in_lines) {
  const auto chunks = chunk_text("# Use\nRun it:\n```\nmake all\nmake test\n```\n");
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].content, "Run it:\nmake all\nmake test");
}

TEST(Chunks, lose_no_word_of_any_text) {
  const std::string pieces[] = {"word ", "End. ", "\n",      "\n\n", "# ",   "- ",   "===\n",
                                "```\n", "\f",    "1. ",     "Q: ",  "ü",    "\xFF", "|a|",
                                ":",     "  ",    "Title\n", "?",    "etc. "};
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += pieces[random() % std::size(pieces)];
    for (const Chunk& chunk : chunk_text(text)) {
      EXPECT_FALSE(chunk.content.empty());
      EXPECT_LE(chunk.heading.size(), kHeadingBytesMax);
    }
  }
}

TEST(Chunks, of_nothing_are_none) {
  EXPECT_TRUE(chunk_text("").empty());
  EXPECT_TRUE(chunk_text(" \n\n\f \n").empty());
  EXPECT_TRUE(chunk_text("# Only a heading").empty());
}

}  // namespace
}  // namespace chatpad::text

#include "functions/shared/knowledge/embedding_codec.h"

#include <gtest/gtest.h>

namespace chatpad::knowledge {
namespace {

TEST(EmbeddingCodec, asks_for_vectors_of_texts) {
  EXPECT_EQ(embed_body("m-1", {"One.", "A \"quote\""}),
            R"({"model":"m-1","input":["One.","A \"quote\""],"encoding_format":"float"})");
}

TEST(EmbeddingCodec, reads_vectors_in_the_order_they_were_asked_for) {
  const auto rows = read_embeddings(
      R"({"data":[{"index":1,"embedding":[3,-4e-1]},{"index":0,"embedding":[1,2]}]})", 2);
  ASSERT_TRUE(rows);
  EXPECT_EQ(*rows, (std::vector<std::vector<float>>{{1, 2}, {3, -0.4F}}));
  const auto plain = read_embeddings(R"({"data":[{"embedding":[1]},{"embedding":[2]}]})", 2);
  ASSERT_TRUE(plain);
  EXPECT_EQ((*plain)[1].front(), 2.0F);
}

TEST(EmbeddingCodec, refuses_what_is_no_answer) {
  for (const char* body :
       {"",
        "null",
        "[]",
        "{}",
        R"({"data":{}})",
        R"({"data":[]})",
        R"({"data":[{"embedding":[1]}]})",
        R"({"data":[{"embedding":[1]},{"embedding":[1]},{"embedding":[1]}]})",
        R"({"data":[{"embedding":[1]},{"embedding":[1,2]}]})",
        R"({"data":[{"index":1,"embedding":[1,2]},{"index":0,"embedding":[1]}]})",
        R"({"data":[{"embedding":[]},{"embedding":[]}]})",
        R"({"data":[{"embedding":["1"]},{"embedding":[1]}]})",
        R"({"data":[{"embedding":[1e999]},{"embedding":[1]}]})",
        R"({"data":[{"embedding":[1e40]},{"embedding":[1]}]})",
        R"({"data":[{"embedding":"AAAA"},{"embedding":[1]}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
        R"({"data":[{"index":2,"embedding":[1]},{"index":0,"embedding":[1]}]})",
        R"({"data":[{"index":-1,"embedding":[1]},{"index":0,"embedding":[1]}]})",
        R"({"data":[1,2]})",
        R"({"error":{"message":"no"}})"}) {
    EXPECT_FALSE(read_embeddings(body, 2)) << body;
  }
  std::string wide = R"({"data":[{"embedding":[1)";
  for (int i = 0; i < 4096; ++i) wide += ",1";
  EXPECT_FALSE(read_embeddings(wide + "]}]}", 1));
}

TEST(EmbeddingCodec, writes_and_reads_arrays_of_the_database) {
  const std::vector<float> row = {1, -0.25F, 3.4028235e38F, 1e-40F, 0.1F};
  EXPECT_EQ(read_real_array(real_array(row)), row);
  EXPECT_EQ(real_array({1, -2.5F}), "{1,-2.5}");
  EXPECT_EQ(read_real_array("{1,2.5,-3e-05}"), (std::vector<float>{1, 2.5F, -3e-05F}));
  for (const char* text : {"", "{", "}", "{}", "1,2", "{1,,2}", "{1;2}", "{1,x}", "{NULL}"}) {
    EXPECT_TRUE(read_real_array(text).empty()) << text;
  }
}

}  // namespace
}  // namespace chatpad::knowledge

// The bodies of OpenAI's /embeddings: what is asked, and the vectors that come back.
//
// For: embedder.h. Pure. Errors: upstream_failed when an answer is none: not JSON, a vector too
// few, too many, twice or of another width, a number that is none. Limits: kVectorWidthMax
// (vectors.h), kEmbedAnswerBytesMax. Source:
// https://platform.openai.com/docs/api-reference/embeddings
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::knowledge {

constexpr size_t kEmbedAnswerBytesMax = 16 * 1024 * 1024;

std::string embed_body(std::string_view model, const std::vector<std::string>& texts);

/// The vectors in the order of the texts that were asked for, all of one width.
Result<std::vector<std::vector<float>>> read_embeddings(std::string_view body, size_t asked);

/// A literal of type real[], and back; empty when the text is none.
std::string real_array(const std::vector<float>& row);
std::vector<float> read_real_array(std::string_view text);

}  // namespace chatpad::knowledge

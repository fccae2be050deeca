// Chooses the sentences of one passage that answer a question, and the snippet to cite.
//
// For: answer.h. Sentences stay whole and in order; a list comes with the line that introduces it,
// a sentence that leans on the one before it ("It also ...") comes with that one.
// Owner: nobody; pure. Errors: none. Limits: those of answer.h.
#pragma once

#include <string>

#include "functions/shared/knowledge/answer_kind.h"
#include "functions/shared/knowledge/index.h"

namespace chatpad::knowledge {

struct Excerpt {
  std::string text;
  std::string snippet;
  float fits = 0;  // how much of the question stands where the sort of thing asked for does; or 0
};

Excerpt best_excerpt(const SearchResult& found, const Hit& hit, const Passage& passage,
                     text::Language language, AnswerKind kind);

}  // namespace chatpad::knowledge

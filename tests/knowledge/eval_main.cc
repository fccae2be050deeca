// Asks the questions of a JSON file over installed documents and says how many answers are right.
//
//   eval [--verbose] [questions.json]
//
// Ends with the line "N passed, N failed"; exit status 0 when the file's rule holds: at least
// kAnswerableShareMin of the answerable questions answered from the right passage, none of the
// unanswerable ones answered.
#include <glob.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "functions/shared/knowledge/answer.h"
#include "functions/shared/text/chunk.h"
#include "functions/shared/text/fold.h"
#include "functions/shared/text/sentences.h"
#include "tests/knowledge/html_text.h"

namespace chatpad::knowledge {
namespace {

constexpr double kAnswerableShareMin = 0.8;

enum class Verbose { no, yes };

std::vector<std::string> files_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
  }
  globfree(&found);
  return files;
}

std::vector<Passage> read_passages(const std::string& pattern, const std::string& title) {
  std::vector<Passage> passages;
  int source = 0;
  for (const std::string& file : files_of(pattern)) {
    const HtmlDocument document = read_html(file);
    ++source;
    for (const text::Chunk& chunk : text::chunk_text(document.text)) {
      passages.push_back({std::to_string(passages.size()), std::to_string(source), title,
                          "file://" + file, chunk.page, chunk.heading, chunk.content});
    }
  }
  return passages;
}

std::string comparable(std::string_view value) { return text::fold(text::collapse_space(value)); }

bool from_section(const Citation& citation, const nlohmann::json& sections) {
  const std::size_t last = citation.heading.rfind(text::kHeadingSeparator);
  const std::string leaf = last == std::string::npos
                               ? citation.heading
                               : citation.heading.substr(last + text::kHeadingSeparator.size());
  for (const auto& section : sections) {
    if (leaf.starts_with(section.get<std::string>())) return true;
  }
  return false;
}

bool right(const std::optional<Extract>& extract, const nlohmann::json& expect) {
  if (!extract) return false;
  const std::string phrase = comparable(expect["phrase"].get<std::string>());
  const bool in_text = comparable(extract->text).find(phrase) != std::string::npos;
  for (const Citation& citation : extract->citations) {
    const bool in_snippet = comparable(citation.snippet).find(phrase) != std::string::npos;
    if (from_section(citation, expect["sections"]) && (in_text || in_snippet)) return true;
  }
  return false;
}

void print_row(const char* verdict, const std::string& question,
               const std::optional<Extract>& extract, Verbose verbose) {
  std::printf("%-4s %.2f  %-70.70s  %s\n", verdict, extract ? extract->score : 0.0F,
              question.c_str(), extract ? extract->citations.front().heading.c_str() : "-");
  if (verbose == Verbose::yes && extract) std::printf("     | %s\n", extract->text.c_str());
}

void print_search(const Index& index, const std::string& question) {
  const SearchResult found = index.search(question, 4);
  for (std::size_t i = 0; i < found.query.terms.size(); ++i) {
    std::printf("     %s=%.1f", found.query.terms[i].stem.c_str(), found.mass[i]);
  }
  std::printf("\n");
  for (const Hit& hit : found.hits) {
    std::printf("     score %.1f evidence %.2f heading %.2f  %s\n", hit.score, hit.evidence,
                hit.heading, index.passage(hit.passage).heading.c_str());
  }
}

int run(const std::string& path, Verbose verbose) {
  std::ifstream file(path);
  const nlohmann::json questions = nlohmann::json::parse(file);
  const auto passages =
      read_passages(questions["document"]["glob"], questions["document"]["title"]);
  const Index index(passages);
  std::printf("%zu passages, %zu bytes\n", index.size(), index.bytes());
  int passed = 0;
  int failed = 0;
  int wrongly_answered = 0;
  for (const auto& item : questions["answerable"]) {
    const std::string question = item["question"];
    const auto extract = answer(index, question);
    const bool good = right(extract, item["expect"]);
    ++(good ? passed : failed);
    print_row(good ? "ok" : "FAIL", question, extract, verbose);
    if (!good && verbose == Verbose::yes) print_search(index, question);
  }
  const double share = passed / static_cast<double>(questions["answerable"].size());
  for (const auto& item : questions["unanswerable"]) {
    const std::string question = item["question"];
    const auto extract = answer(index, question);
    ++(extract ? failed : passed);
    if (extract) ++wrongly_answered;
    print_row(extract ? "FAIL" : "ok", question, extract, verbose);
    if (verbose == Verbose::yes) print_search(index, question);
  }
  std::printf("answerable: %.0f %%, unanswerable answered: %d\n", share * 100, wrongly_answered);
  std::printf("%d passed, %d failed\n", passed, failed);
  return share >= kAnswerableShareMin && wrongly_answered == 0 ? 0 : 1;
}

}  // namespace
}  // namespace chatpad::knowledge

int main(int argc, char** argv) {
  std::string path = "tests/knowledge/questions.json";
  auto verbose = chatpad::knowledge::Verbose::no;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--verbose") {
      verbose = chatpad::knowledge::Verbose::yes;
    } else {
      path = argv[i];
    }
  }
  return chatpad::knowledge::run(path, verbose);
}

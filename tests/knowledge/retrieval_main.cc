// Asks the questions of a file over real documents and says how often the passage that answers is
// among the first five.
//
//   retrieval_eval [--verbose] [--candidates FILE] [--meanings DIR] QUESTIONS.json DIR
//   retrieval_eval --stem
//
// DIR/PACKAGE.ndjson holds each document's passages, as `chatpad extract` has written them for one
// file of the document after the other (bench/lib/documents.mjs), so that what is asked is what a
// tenant's upload or site would be. Pages of HTML have a title of their own, as those of a site do.
// The last line is JSON: {"sets": [{title, package, passages, ranks}]}, a rank for each question, 0
// when the first 100 have it not.
// --meanings has vectors of a model take part: DIR/PACKAGE.f32 holds those of the passages, in
// their order, and behind them those of the questions, all of one width.
// --candidates writes what each question's words have found, with what is known of it, as lines of
// JSON, for trying other orders (bench/judge).
// --stem reads English lines and writes their stems, "_" for a function word; tabs keep their place
// (bench/judge).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/knowledge/index.h"
#include "functions/shared/text/fold.h"
#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::knowledge {
namespace {

constexpr std::size_t kAmong = 5;

struct Options {
  std::string questions;
  std::string dir;
  std::string candidates;
  std::string meanings;
  bool verbose = false;
};

std::vector<Passage> read_passages(const nlohmann::json& document, const std::string& dir) {
  const std::string path = dir + "/" + std::string(document["package"]) + ".ndjson";
  std::ifstream lines(path);
  if (!lines) {
    std::fprintf(stderr, "%s cannot be read\n", path.c_str());
    std::exit(1);
  }
  std::vector<Passage> passages;
  std::string title = document["title"];
  int source = 0;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json event = nlohmann::json::parse(line);
    if (event.contains("document")) {
      ++source;
      const std::string own = event["document"]["title"];
      if (document["kind"] == "html") title = own.empty() ? std::string(document["title"]) : own;
    }
    if (!event.contains("passage")) continue;
    const nlohmann::json& passage = event["passage"];
    std::optional<int> page;
    if (passage["page"].is_number()) page = passage["page"].get<int>();
    passages.push_back({std::to_string(passages.size()), std::to_string(source), title, "", page,
                        passage["heading"], passage["content"]});
  }
  return passages;
}

std::vector<float> read_floats(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<float> floats(file ? static_cast<std::size_t>(file.tellg()) / sizeof(float) : 0);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(floats.data()),
            static_cast<std::streamsize>(floats.size() * sizeof(float)));
  if (!file || floats.empty()) {
    std::fprintf(stderr, "%s cannot be read\n", path.c_str());
    std::exit(1);
  }
  return floats;
}

// A model's vectors of passages and questions; none without --meanings.
class Meanings {
 public:
  Meanings(const Options& options, const nlohmann::json& set, std::size_t passages)
      : passages_(passages) {
    if (options.meanings.empty()) return;
    const std::string package = set["document"]["package"];
    floats_ = read_floats(options.meanings + "/" + package + ".f32");
    width_ = floats_.size() / (passages + set["questions"].size());
  }

  Index index(std::span<const Passage> passages) const {
    if (width_ == 0) return Index(passages);
    Vectors vectors(width_);
    for (std::size_t i = 0; i < passages.size(); ++i) vectors.add(row(i));
    return Index(passages, std::move(vectors));
  }

  std::span<const float> of_question(std::size_t i) const { return row(passages_ + i); }

 private:
  std::span<const float> row(std::size_t i) const {
    return std::span(floats_).subspan(i * width_, width_);
  }

  std::size_t passages_;
  std::size_t width_ = 0;
  std::vector<float> floats_;
};

void replace_all(std::string& value, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = value.find(from, at)) != std::string::npos; at += to.size()) {
    value.replace(at, from.size(), to);
  }
}

// Straight quotes, one space, folded.
std::string comparable(std::string value) {
  for (const char* quote : {"\xE2\x80\x98", "\xE2\x80\x99"}) replace_all(value, quote, "'");
  for (const char* quote : {"\xE2\x80\x9C", "\xE2\x80\x9D"}) replace_all(value, quote, "\"");
  return text::fold(text::collapse_space(value));
}

struct Score {
  int first = 0;
  int among = 0;
  double reciprocal = 0;

  void add(std::size_t rank) {  // from 1; 0: not found
    if (rank == 1) ++first;
    if (rank >= 1 && rank <= kAmong) ++among;
    if (rank >= 1) reciprocal += 1.0 / static_cast<double>(rank);
  }
};

void print_misses(const Index& index, const SearchResult& found, const std::string& question,
                  std::size_t rank) {
  std::printf("%-3zu %s\n", rank, question.c_str());
  if (rank >= 1 && rank <= kAmong) return;
  for (std::size_t i = 0; i < found.query.terms.size(); ++i) {
    std::printf("      %s=%.1f", found.query.terms[i].stem.c_str(), found.mass[i]);
  }
  std::printf("\n");
  for (std::size_t i = 0; i < std::min<std::size_t>(3, found.hits.size()); ++i) {
    const Passage& passage = index.passage(found.hits[i].passage);
    std::printf("      %.1f %.2f p%d %s: %s\n", found.hits[i].score, found.hits[i].evidence,
                passage.page.value_or(0), passage.title.c_str(), passage.heading.c_str());
  }
}

nlohmann::json candidates_of(const Index& index, const SearchResult& found,
                             const std::vector<bool>& answers) {
  nlohmann::json terms = nlohmann::json::array();
  for (std::size_t i = 0; i < found.query.terms.size(); ++i) {
    terms.push_back({{"stem", found.query.terms[i].stem},
                     {"weight", found.query.terms[i].weight},
                     {"mass", found.mass[i]}});
  }
  nlohmann::json hits = nlohmann::json::array();
  for (const Hit& hit : found.hits) {
    hits.push_back({{"passage", hit.passage},
                    {"score", hit.score},
                    {"evidence", hit.evidence},
                    {"heading", hit.heading},
                    {"focus", hit.focus},
                    {"opens", hit.opens_section},
                    {"words", index.word_count(hit.passage)},
                    {"answers", static_cast<bool>(answers[hit.passage])}});
  }
  return {{"terms", std::move(terms)}, {"hits", std::move(hits)}};
}

nlohmann::json ask_set(const nlohmann::json& set, const Options& options) {
  const std::vector<Passage> passages = read_passages(set["document"], options.dir);
  const std::string title = set["document"]["title"];
  const Meanings meanings(options, set, passages.size());
  const Index index = meanings.index(passages);
  const View everything(index, Audience());
  std::vector<std::string> texts;
  for (const Passage& passage : passages) texts.push_back(comparable(passage.content));
  Score score;
  std::vector<std::size_t> ranks;
  std::ofstream candidates;
  if (!options.candidates.empty()) candidates.open(options.candidates, std::ios::app);
  for (std::size_t i = 0; i < set["questions"].size(); ++i) {
    const auto& item = set["questions"][i];
    const std::string phrase = comparable(item["phrase"]);
    const std::string question = item["question"];
    const SearchResult found = index.search(question, 100, everything, meanings.of_question(i));
    std::size_t rank = 0;
    if (candidates.is_open()) {
      std::vector<bool> answers;
      for (const std::string& text : texts)
        answers.push_back(text.find(phrase) != std::string::npos);
      nlohmann::json line = candidates_of(index, found, answers);
      line["package"] = set["document"]["package"];
      line["question"] = question;
      candidates << line.dump() << '\n';
    }
    for (std::size_t k = 0; k < found.hits.size() && rank == 0; ++k) {
      if (texts[found.hits[k].passage].find(phrase) != std::string::npos) rank = k + 1;
    }
    score.add(rank);
    ranks.push_back(rank);
    if (options.verbose) print_misses(index, found, question, rank);
  }
  const std::size_t asked = set["questions"].size();
  std::printf("%-32s %6zu passages %3zu questions  recall@1 %.2f  recall@5 %.2f  MRR %.2f\n",
              title.c_str(), index.size(), asked, score.first / static_cast<double>(asked),
              score.among / static_cast<double>(asked),
              score.reciprocal / static_cast<double>(asked));
  return {{"title", title},
          {"package", set["document"]["package"]},
          {"passages", index.size()},
          {"ranks", ranks}};
}

std::string stems_of(std::string_view piece) {
  std::string out;
  for (const text::Token& token : text::tokenize(piece)) {
    const bool is_function_word = text::is_stop_word(token.text, text::Language::english);
    out += is_function_word ? "_" : text::stem(token.text, text::Language::english);
    out += ' ';
  }
  return out;
}

void stem_lines() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::string_view rest = line;
    for (std::size_t tab = 0; (tab = rest.find('\t')) != std::string_view::npos;) {
      std::cout << stems_of(rest.substr(0, tab)) << '\t';
      rest.remove_prefix(tab + 1);
    }
    std::cout << stems_of(rest) << '\n';
  }
}

}  // namespace
}  // namespace chatpad::knowledge

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--stem") == 0) {
    chatpad::knowledge::stem_lines();
    return 0;
  }
  chatpad::knowledge::Options options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--verbose") == 0) {
      options.verbose = true;
    } else if (std::strcmp(argv[i], "--candidates") == 0 && i + 1 < argc) {
      options.candidates = argv[++i];
    } else if (std::strcmp(argv[i], "--meanings") == 0 && i + 1 < argc) {
      options.meanings = argv[++i];
    } else if (options.questions.empty()) {
      options.questions = argv[i];
    } else {
      options.dir = argv[i];
    }
  }
  if (options.dir.empty()) {
    std::fprintf(
        stderr,
        "usage: retrieval_eval [--verbose] [--candidates FILE] [--meanings DIR] QUESTIONS DIR\n");
    return 2;
  }
  std::ifstream file(options.questions);
  const nlohmann::json questions = nlohmann::json::parse(file);
  nlohmann::json sets = nlohmann::json::array();
  for (const auto& set : questions["sets"])
    sets.push_back(chatpad::knowledge::ask_set(set, options));
  std::printf("%s\n", nlohmann::json{{"sets", sets}}.dump().c_str());
  return 0;
}

// Asks the questions of a file over installed documents and says how often the passage that answers
// is among the first five.
//
//   retrieval_eval [--verbose] [--passages DIR] [--candidates FILE] QUESTIONS.json
//   retrieval_eval --stem
//
// A PDF is read page by page with pdftotext, HTML with libxml2; both are cut into passages as the
// program cuts them. The last line is JSON: {"sets": [{title, package, passages, ranks}]},
// a rank for each question, 0 when the first 100 have it not.
// --passages writes each document's passages as lines of JSON, for comparing with other searches.
// --candidates writes what each question's words have found, with what is known of it, as lines of
// JSON, for trying other orders (bench/judge).
// --stem reads English lines and writes their stems, "_" for a function word; tabs keep their place
// (bench/judge).
#include <glob.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/knowledge/index.h"
#include "functions/shared/text/chunk.h"
#include "functions/shared/text/fold.h"
#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"
#include "tests/knowledge/html_text.h"

namespace chatpad::knowledge {
namespace {

constexpr std::size_t kAmong = 5;

struct Options {
  std::string questions;
  std::string passages_dir;
  std::string candidates;
  bool verbose = false;
};

std::vector<std::string> files_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
  }
  globfree(&found);
  return files;
}

bool is_leader(std::string_view line) { return line.find(". . . .") != std::string_view::npos; }

// "3. Do this"
bool is_step(std::string_view line) {
  const std::size_t end = line.find_first_not_of("0123456789");
  return end != 0 && end != std::string_view::npos && line[end] == '.';
}

// "12.3.1", which stands on a line above its title: its depth, or 0.
std::size_t number_depth(std::string_view line) {
  if (line.empty() || line.find('.') == std::string_view::npos || line.size() > 12) return 0;
  if (line.find_first_not_of("0123456789.") != std::string_view::npos) return 0;
  if (line.front() == '.' || line.back() == '.') return 0;
  return static_cast<std::size_t>(std::count(line.begin(), line.end(), '.')) + 1;
}

// Lines of a contents list and of every page's top go; a numbered title becomes a heading of
// Markdown, and nothing else does: a root's prompt is none, nor is a cell of a table or a step.
std::string tidy(const std::string& text) {
  std::string out;
  std::size_t depth = 0;  // of the number in the line before
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    while (line.starts_with('\f')) {
      out += '\f';
      line.erase(0, 1);
    }
    if (line.empty() || line == "Debian Reference") continue;
    const bool page_number = line.find(" / 233") != std::string::npos && line.size() < 12;
    if (is_leader(line) || page_number) {
      depth = 0;
      continue;
    }
    const std::size_t next = number_depth(line);
    if (depth > 0 && next == 0) {
      out += "\n" + std::string(depth, '#') + " " + line + "\n\n";
    } else if (next == 0) {
      out += (line.starts_with('#') || is_step(line) ? "\xC2\xA0" : "") + line + '\n';
    }
    depth = next;
  }
  return out;
}

std::string pdf_text(const std::string& path) {
  std::string text;
  FILE* pipe = popen(("pdftotext -enc UTF-8 '" + path + "' -").c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[65'536];
  while (const std::size_t got = fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
  pclose(pipe);
  return tidy(text);
}

std::vector<Passage> read_passages(const nlohmann::json& document) {
  std::vector<Passage> passages;
  const bool pdf = document["kind"] == "pdf";
  int source = 0;
  for (const std::string& file : files_of(document["path"])) {
    ++source;
    const std::string text = pdf ? pdf_text(file) : read_html(file).text;
    for (const text::Chunk& chunk : text::chunk_text(text)) {
      passages.push_back({std::to_string(passages.size()), std::to_string(source),
                          document["title"], "file://" + file, chunk.page, chunk.heading,
                          chunk.content});
    }
  }
  return passages;
}

// Straight quotes, one space, folded.
std::string comparable(std::string value) {
  for (std::size_t at = 0; (at = value.find("\xE2\x80\x99", at)) != std::string::npos;) {
    value.replace(at, 3, "'");
  }
  return text::fold(text::collapse_space(value));
}

void write_passages(const std::string& path, const std::vector<Passage>& passages) {
  std::ofstream out(path);
  for (const Passage& passage : passages) {
    out << nlohmann::json{{"heading", passage.heading},
                          {"content", passage.content},
                          {"comparable", comparable(passage.content)}}
               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
        << '\n';
  }
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
    std::printf("      %.1f %.2f p%d %s\n", found.hits[i].score, found.hits[i].evidence,
                passage.page.value_or(0), passage.heading.c_str());
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
  const std::vector<Passage> passages = read_passages(set["document"]);
  const std::string title = set["document"]["title"];
  if (!options.passages_dir.empty()) {
    const std::string package = set["document"]["package"];
    write_passages(options.passages_dir + "/" + package + ".ndjson", passages);
  }
  const Index index(passages);
  std::vector<std::string> texts;
  for (const Passage& passage : passages) texts.push_back(comparable(passage.content));
  Score score;
  std::vector<std::size_t> ranks;
  std::ofstream candidates;
  if (!options.candidates.empty()) candidates.open(options.candidates, std::ios::app);
  for (const auto& item : set["questions"]) {
    const std::string phrase = comparable(item["phrase"]);
    const SearchResult found = index.search(std::string(item["question"]), 100);
    std::size_t rank = 0;
    if (candidates.is_open()) {
      std::vector<bool> answers;
      for (const std::string& text : texts)
        answers.push_back(text.find(phrase) != std::string::npos);
      nlohmann::json line = candidates_of(index, found, answers);
      line["package"] = set["document"]["package"];
      line["question"] = item["question"];
      candidates << line.dump() << '\n';
    }
    for (std::size_t i = 0; i < found.hits.size() && rank == 0; ++i) {
      if (texts[found.hits[i].passage].find(phrase) != std::string::npos) rank = i + 1;
    }
    score.add(rank);
    ranks.push_back(rank);
    if (options.verbose) print_misses(index, found, item["question"], rank);
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
    } else if (std::strcmp(argv[i], "--passages") == 0 && i + 1 < argc) {
      options.passages_dir = argv[++i];
    } else if (std::strcmp(argv[i], "--candidates") == 0 && i + 1 < argc) {
      options.candidates = argv[++i];
    } else {
      options.questions = argv[i];
    }
  }
  std::ifstream file(options.questions);
  const nlohmann::json questions = nlohmann::json::parse(file);
  nlohmann::json sets = nlohmann::json::array();
  for (const auto& set : questions["sets"])
    sets.push_back(chatpad::knowledge::ask_set(set, options));
  std::printf("%s\n", nlohmann::json{{"sets", sets}}.dump().c_str());
  return 0;
}

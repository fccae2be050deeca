#include "functions/shared/fetch/fetch_options.h"

#include <fstream>
#include <map>
#include <memory>

namespace chatpad::functions {
namespace {

// Tests only: "name address address ..." a line; the first question gets the first address, the
// next the second, and so on to the last. Names that are not there have no address.
class ScriptedNames {
 public:
  explicit ScriptedNames(std::string file) : file_(std::move(file)) {}

  std::string operator()(const std::string& host) {
    std::ifstream in(file_);
    std::string line;
    while (std::getline(in, line)) {
      if (line.substr(0, line.find(' ')) != host) continue;
      std::vector<std::string> answers;
      size_t at = line.find(' ');
      while (at != std::string::npos) {
        const size_t end = line.find(' ', at + 1);
        answers.push_back(line.substr(at + 1, end == std::string::npos ? end : end - at - 1));
        at = end;
      }
      if (answers.empty()) return {};
      return answers[std::min(asked_[host]++, answers.size() - 1)];
    }
    return {};
  }

 private:
  std::string file_;
  std::map<std::string, size_t> asked_;
};

}  // namespace

http::SafeOptions fetch_options(const Config& config) {
  http::SafeOptions options;
  options.rules = http::AddressRules(config.fetch_allow);
  options.transfers_max = 32;
  if (!config.test_names_file.empty()) {
    auto names = std::make_shared<ScriptedNames>(config.test_names_file);
    options.resolve = [names](const std::string& host) { return (*names)(host); };
  }
  return options;
}

}  // namespace chatpad::functions

#include "runtime/extract_command.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "functions/shared/ingest/child.h"

namespace chatpad::commands {
namespace {

void run(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  std::string name = "chatpad-extract";
  argv.push_back(name.data());
  for (std::string& one : arguments) argv.push_back(one.data());
  argv.push_back(nullptr);
  char* no_environment[] = {nullptr};
  const int fd = ingest::extractor_descriptor();
  if (fd >= 0) ::fexecve(fd, argv.data(), no_environment);
}

}  // namespace

int extract(const std::vector<std::string>& arguments) {
  run(arguments);
  std::perror("chatpad: the extractor does not start");
  return 1;
}

bool extractor_works() {
  int in[2];
  int out[2];
  if (::pipe(in) != 0 || ::pipe(out) != 0) return false;
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    for (const int fd : {in[0], in[1], out[0], out[1]}) ::close(fd);
    run({});
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  constexpr std::string_view kText = "Words.\n";
  const bool sent =
      ::write(in[1], kText.data(), kText.size()) == static_cast<ssize_t>(kText.size());
  ::close(in[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(out[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<size_t>(got));
  }
  ::close(out[0]);
  ::waitpid(child, nullptr, 0);
  return sent && said.find("\"Words.\"") != std::string::npos;
}

}  // namespace chatpad::commands

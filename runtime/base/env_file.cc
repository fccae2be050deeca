#include "runtime/base/env_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace chatpad {
namespace {

Error file_error(const std::string& path, const char* what) {
  return Error(Errc::internal,
               PublicText(std::string(what) + " " + path + ": " + std::strerror(errno)));
}

std::string quoted(const std::string& value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// The inverse of quoted(); false for text that quoted() does not write.
bool unquote(std::string_view text, std::string& out) {
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return false;
  text = text.substr(1, text.size() - 2);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\'') {
      out += text[i];
    } else if (text.substr(i, 4) == "'\\''") {
      out += '\'';
      i += 3;
    } else {
      return false;
    }
  }
  return true;
}

Result<void> write_env_file(const std::string& path, const EnvValues& values) {
  std::string text = "# Made by chatpad up. Keep it secret: it holds the keys of this server.\n";
  for (const auto& [key, value] : values) text += key + "=" + quoted(value) + "\n";

  const std::string draft = path + ".new";
  ::unlink(draft.c_str());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return file_error(draft, "Cannot create");
  const ssize_t written = ::write(fd, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!whole) return file_error(draft, "Cannot write");
  if (::rename(draft.c_str(), path.c_str()) != 0) return file_error(path, "Cannot replace");
  return {};
}

}  // namespace

Result<EnvValues> read_env_file(const std::string& path) {
  EnvValues values;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line.front() == '#') continue;
    const size_t equals = line.find('=');
    std::string value;
    if (equals == std::string::npos || !unquote(std::string_view(line).substr(equals + 1), value)) {
      return Error(Errc::validation_failed,
                   PublicText(path + " holds a line this program did not write. Mend it, or move "
                                     "the file away to have a new one made."));
    }
    values[line.substr(0, equals)] = std::move(value);
  }
  return values;
}

Result<EnvValues> change_env_file(const std::string& path,
                                  const std::function<void(EnvValues&)>& change) {
  // The file itself is replaced, so its folder carries the lock.
  const std::string folder = path.substr(0, path.find_last_of('/'));
  const int lock = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return file_error(folder, "Cannot open");
  const bool alone = ::flock(lock, LOCK_EX) == 0;
  auto values = alone ? read_env_file(path) : file_error(folder, "Cannot lock");
  if (values) {
    const EnvValues before = *values;
    change(*values);
    const Result<void> written = *values == before ? Result<void>() : write_env_file(path, *values);
    if (!written) values = written.error();
  }
  ::close(lock);
  return values;
}

}  // namespace chatpad

// chatpad-extract: reads one file on standard input and writes what is in it as lines of JSON
// (emitter.h). A program of its own, which chatpad carries inside itself and starts for each file,
// so that whatever a file does to the libraries that read it happens to a process that has nothing.
//
//   chatpad-extract [--name FILE] [--type MEDIA-TYPE] [--from PLACE] [--sitemap] < file
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>

#include "extract/charset.h"
#include "extract/csv.h"
#include "extract/readers.h"
#include "extract/sandbox.h"
#include "extract/sniff.h"

namespace chatpad::extract {
namespace {

constexpr size_t kInputBytesMax = 64 * 1024 * 1024;

enum class Task { document, sitemap };

std::string read_input() {
  std::string bytes;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (got < 0) throw Failure("interrupted");
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<size_t>(got) > kInputBytesMax) throw Failure("too_large");
    bytes.append(buffer, static_cast<size_t>(got));
  }
}

void read_document(std::string_view bytes, const Converter& converter, const std::string& name,
                   const Place& from, Emitter& out) {
  Kind kind = sniff(bytes, bytes.substr(0, 0), name);
  std::string utf8;
  if (kind != Kind::pdf && kind != Kind::zip && kind != Kind::binary) {
    utf8 = converter.to_utf8(bytes);
    kind = sniff(bytes, utf8, name);
  }
  switch (kind) {
    case Kind::pdf:
      return read_pdf(bytes, from, out);
    case Kind::zip:
      return read_office(bytes, out);
    case Kind::html:
      return read_html(utf8, out);
    case Kind::markdown:
      return read_markdown(utf8, out);
    case Kind::csv:
      return read_csv(utf8, csv_delimiter(utf8), out);
    case Kind::json:
      return read_json(utf8, out);
    case Kind::plain:
      return read_plain(utf8, out);
    case Kind::binary:
      break;
  }
  throw Failure("unsupported_type");
}

int run(const std::string& name, const std::string& type, const std::string& from, Task task) {
  limit_resources();
  try {
    const std::string bytes = read_input();
    const Converter converter(find_charset(bytes, type));
    load_converters();
    if (!enter_sandbox()) throw Failure("sandbox_missing");
    const auto place = from.empty() ? Place() : read_place(from);
    if (!place) throw Failure("interrupted");
    Emitter out(*place);
    if (task == Task::sitemap) {
      read_sitemap(bytes, out);
    } else {
      read_document(bytes, converter, name, *place, out);
    }
  } catch (const Failure& failure) {
    emit_failure(failure.what());
  } catch (const std::bad_alloc&) {
    emit_failure("too_much_memory");
  } catch (const std::exception&) {
    emit_failure("file_damaged");
  }
  std::fflush(stdout);
  ::_exit(0);  // trees of hostile files are not taken apart
}

}  // namespace
}  // namespace chatpad::extract

int main(int argc, char** argv) {
  chatpad::extract::close_inherited();
  CLI::App app("Reads a file on standard input and writes its passages as JSON lines");
  std::string name;
  std::string type;
  std::string from;
  bool sitemap = false;
  app.add_option("--name", name, "The file's name, to tell kinds of text apart");
  app.add_option("--type", type, "The media type it came with, for its charset");
  app.add_option("--from", from, "Where the run before it ended");
  app.add_flag("--sitemap", sitemap, "The addresses in a sitemap");
  CLI11_PARSE(app, argc, argv);
  using chatpad::extract::Task;
  return chatpad::extract::run(name, type, from, sitemap ? Task::sitemap : Task::document);
}

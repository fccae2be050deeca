#include "extract/zip_archive.h"

#include <algorithm>

namespace chatpad::extract {
namespace {

struct FileClose {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

ZipArchive::ZipArchive(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) throw Failure("file_damaged");
  archive_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (!archive_) {
    zip_source_free(source);
    throw Failure("file_damaged");
  }
  if (zip_get_num_entries(archive_.get(), 0) > kEntriesMax) throw Failure("too_large");
}

bool ZipArchive::has(const std::string& name) const {
  return zip_name_locate(archive_.get(), name.c_str(), 0) >= 0;
}

// What an archive says about its sizes is not believed: bytes are counted as they come.
std::optional<std::string> ZipArchive::read(const std::string& name) {
  const zip_int64_t index = zip_name_locate(archive_.get(), name.c_str(), 0);
  if (index < 0) return std::nullopt;
  const std::unique_ptr<zip_file_t, FileClose> file(
      zip_fopen_index(archive_.get(), static_cast<zip_uint64_t>(index), 0));
  if (!file) {
    const int why = zip_error_code_zip(zip_get_error(archive_.get()));
    throw Failure(why == ZIP_ER_NOPASSWD || why == ZIP_ER_ENCRNOTSUPP ? "file_locked"
                                                                      : "file_damaged");
  }
  std::string content;
  char buffer[64 * 1024];
  for (;;) {
    const zip_int64_t got = zip_fread(file.get(), buffer, sizeof buffer);
    if (got < 0) throw Failure("file_damaged");
    if (got == 0) break;
    const auto size = static_cast<size_t>(got);
    if (content.size() + size > kEntryBytesMax || size > left_) throw Failure("too_large");
    left_ -= size;
    content.append(buffer, size);
  }
  return content;
}

}  // namespace chatpad::extract

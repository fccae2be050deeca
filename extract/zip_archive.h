// The entries of a zip archive in memory, by name, with limits on what they unpack to:
// kEntryBytesMax each, kEntriesBytesMax together (readers.h). Raises Failure: file_damaged,
// file_locked, too_large.
#pragma once

#include <zip.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "extract/readers.h"

namespace chatpad::extract {

class ZipArchive {
 public:
  explicit ZipArchive(std::string_view bytes);

  bool has(const std::string& name) const;
  // nullopt when there is no such entry.
  std::optional<std::string> read(const std::string& name);

 private:
  struct Close {
    void operator()(zip_t* archive) const { zip_discard(archive); }
  };
  std::unique_ptr<zip_t, Close> archive_;
  size_t left_ = kEntriesBytesMax;
};

}  // namespace chatpad::extract

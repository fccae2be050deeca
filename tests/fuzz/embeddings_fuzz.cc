// What a service answers when it is asked for vectors, and arrays of the database: any bytes.
//
// uses: functions/shared/knowledge/embedding_codec.cc
// uses: runtime/wire/json.cc runtime/wire/json_check.cc
// uses: runtime/base/error.cc runtime/base/check.cc runtime/base/uuid.cc
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "functions/shared/knowledge/embedding_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chatpad::knowledge;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t asked = 1 + data[0] % 4;
  if (const auto rows = read_embeddings(text, asked)) {
    if (rows->size() != asked) std::abort();
    for (const auto& row : *rows) {
      if (row.empty() || row.size() != rows->front().size()) std::abort();
      for (const float value : row) {
        if (!std::isfinite(value)) std::abort();
      }
      if (read_real_array(real_array(row)) != row) std::abort();
    }
  }
  (void)read_real_array(text);
  return 0;
}

// CHECK(condition, "sentence"): ends the program when the condition does not hold.
//
// For bugs only: broken invariants of our own. Anything the world can cause (input, network, disk,
// database) is an Error (error.h). The sentence says which rule was broken.
#pragma once

namespace chatpad {

[[noreturn]] void check_failed(const char* condition, const char* sentence, const char* file,
                               int line);

}  // namespace chatpad

#define CHECK(condition, sentence)                                       \
  do {                                                                   \
    if (!(condition)) [[unlikely]]                                       \
      ::chatpad::check_failed(#condition, sentence, __FILE__, __LINE__); \
  } while (false)

// LargeVector: a std::vector whose memory, once it is large, comes in pages of 2 MiB where the
// kernel gives them to who asks (transparent_hugepage is `madvise` or `always`; madvise(2)).
//
// For: arrays of tens of megabytes that a search goes through (vectors.h): it is not held up at
// every 4 KiB. Below kLargeBytes the memory is the usual one. Errors: std::bad_alloc.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <vector>

namespace chatpad::knowledge {

constexpr std::size_t kHugePageBytes = 2 * 1024 * 1024;
constexpr std::size_t kLargeBytes = 2 * kHugePageBytes;

template <class T>
struct LargeAllocator {
  using value_type = T;

  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>&) {}

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kLargeBytes) return static_cast<T*>(::operator new(bytes));
    void* const memory = ::operator new(bytes, std::align_val_t(kHugePageBytes));
    madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: small pages do as well
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < kLargeBytes) {
      ::operator delete(memory);
    } else {
      ::operator delete(memory, std::align_val_t(kHugePageBytes));
    }
  }
  bool operator==(const LargeAllocator&) const = default;
};

template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace chatpad::knowledge

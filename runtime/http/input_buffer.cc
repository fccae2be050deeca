#include "runtime/http/input_buffer.h"

#include <bit>
#include <cstring>
#include <utility>

namespace chatpad::http {

BlockPool::~BlockPool() {
  for (char* block : spare_) delete[] block;
}

char* BlockPool::take() {
  if (spare_.empty()) return new char[kBlockBytes];
  char* block = spare_.back();
  spare_.pop_back();
  return block;
}

void BlockPool::give(char* block) {
  if (spare_.size() < kSpareBlocksMax) {
    spare_.push_back(block);
  } else {
    delete[] block;
  }
}

void InputBuffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!overflow_.empty() || (pinned_ && end_ + bytes.size() > capacity_)) {
    overflow_.append(bytes);
    return;
  }
  if (end_ + bytes.size() > capacity_) grow(bytes.size());
  std::memcpy(block_ + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void InputBuffer::grow(size_t more) {
  const size_t unread = size();
  if (block_ != nullptr && unread + more <= capacity_) {
    std::memmove(block_, block_ + begin_, unread);
  } else {
    const size_t wanted = unread + more;
    const size_t capacity =
        wanted <= BlockPool::kBlockBytes ? BlockPool::kBlockBytes : std::bit_ceil(wanted);
    char* block = capacity == BlockPool::kBlockBytes ? pool_.take() : new char[capacity];
    if (unread > 0) std::memcpy(block, block_ + begin_, unread);
    free_block();
    block_ = block;
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = unread;
}

void InputBuffer::unpin() {
  pinned_ = false;
  if (!overflow_.empty()) {
    const std::string overflow = std::exchange(overflow_, {});
    append(overflow);
  }
  if (begin_ == end_) free_block();
}

std::string InputBuffer::take_all() {
  std::string all(view());
  all += overflow_;
  clear();
  return all;
}

void InputBuffer::clear() {
  overflow_.clear();
  overflow_.shrink_to_fit();
  begin_ = end_;
}

void InputBuffer::free_block() {
  if (block_ == nullptr) return;
  if (capacity_ == BlockPool::kBlockBytes) {
    pool_.give(block_);
  } else {
    delete[] block_;
  }
  block_ = nullptr;
  capacity_ = begin_ = end_ = 0;
}

}  // namespace chatpad::http

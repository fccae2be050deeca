// InputBuffer: the unread bytes of one connection, and BlockPool: the small blocks they live in.
//
// While `pinned` (a Request has views into the bytes) nothing moves: what does not fit behind the
// bytes goes to an overflow that is joined later. An idle connection holds no block. One loop only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatpad::http {

class BlockPool {
 public:
  static constexpr size_t kBlockBytes = 4096;
  static constexpr size_t kSpareBlocksMax = 1024;  // idle blocks kept; more are freed

  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();
  char* take();
  void give(char* block);

 private:
  std::vector<char*> spare_;
};

class InputBuffer {
 public:
  explicit InputBuffer(BlockPool& pool) : pool_(pool) {}
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;
  ~InputBuffer() { free_block(); }

  void append(std::string_view bytes);
  // First unread byte and the number of those that lie together.
  char* data() { return block_ + begin_; }
  size_t size() const { return end_ - begin_; }
  // Unread bytes in all.
  size_t total() const { return size() + overflow_.size(); }
  std::string_view view() const { return {block_ + begin_, size()}; }
  void consume(size_t bytes) { begin_ += bytes; }

  void pin() { pinned_ = true; }
  // Ends all views: joins the overflow, gives the block back when nothing is unread.
  void unpin();
  // Hands out and forgets everything unread.
  std::string take_all();
  void clear();

 private:
  void free_block();
  void grow(size_t more);

  BlockPool& pool_;
  char* block_ = nullptr;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool pinned_ = false;
  std::string overflow_;
};

}  // namespace chatpad::http

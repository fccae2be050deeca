#include "runtime/coro/scope.h"

#include <cstdio>

namespace chatpad {

// The frame that owns a spawned task. It destroys itself when the task ends; cancel() destroys it
// while it waits.
struct Scope::Root {
  struct promise_type {
    Node node;
    Scope* scope = nullptr;

    promise_type(Scope& owner, Task<void>&) : scope(&owner) {}
    ~promise_type() { scope->unlink(node); }
    Root get_return_object() {
      node.handle = std::coroutine_handle<promise_type>::from_promise(*this);
      return Root{&node};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept {
      try {
        throw;
      } catch (const std::exception& e) {
        std::fprintf(stderr, "chatpad: escaped from a spawned task: %s\n", e.what());
      } catch (...) {
      }
      check_failed("spawned task ended without an exception",
                   "a spawned task deals with its own errors", __FILE__, __LINE__);
    }
  };
  Node* node;
};

Scope::Root Scope::run(Scope&, Task<void> task) {
  Task<void> owned = std::move(task);
  co_await std::move(owned);
}

Scope::Id Scope::spawn(Task<void> task) {
  const Root root = run(*this, std::move(task));
  link(*root.node);
  const Id id = root.node->id;
  // Neither the node nor this Scope need be there after the resumption: the last task to end may
  // resume a joiner, and that one may destroy the Scope.
  bool ended = false;
  root.node->ended = &ended;
  root.node->handle.resume();
  if (ended) return 0;
  root.node->ended = nullptr;
  return id;
}

void Scope::cancel(Id id) {
  for (Node* node = head_; node; node = node->next) {
    if (node->id != id) continue;
    node->handle.destroy();
    return;
  }
}

void Scope::cancel_all() {
  while (head_) head_->handle.destroy();
}

void Scope::link(Node& node) {
  node.id = next_id_++;
  node.next = head_;
  if (head_) head_->prev = &node;
  head_ = &node;
  ++size_;
}

void Scope::unlink(Node& node) {
  if (node.id == 0) return;
  if (node.prev) node.prev->next = node.next;
  if (node.next) node.next->prev = node.prev;
  if (head_ == &node) head_ = node.next;
  if (node.ended) *node.ended = true;
  --size_;
  if (size_ == 0 && joiner_) std::exchange(joiner_, nullptr).resume();
}

}  // namespace chatpad

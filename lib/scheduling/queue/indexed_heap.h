// IndexedHeap: a binary heap of pointers whose elements know their place, so that any of them can
// be taken out in O(log n). Does not own its elements. Single-threaded.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace stowage::scheduling {

// T has a member `std::size_t heap_position`; Before(a, b) is true when a must come out first.
template <typename T, typename Before>
class IndexedHeap {
 public:
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] T* top() const { return items_.front(); }

  void push(T* item) {
    item->heap_position = items_.size();
    items_.push_back(item);
    up(item->heap_position);
  }

  void remove(T* item) {
    const std::size_t at = item->heap_position;
    T* last = items_.back();
    items_.pop_back();
    if (last == item) return;
    items_[at] = last;
    last->heap_position = at;
    up(at);
    down(last->heap_position);
  }

  [[nodiscard]] const std::vector<T*>& items() const { return items_; }

 private:
  void swap(std::size_t a, std::size_t b) {
    std::swap(items_[a], items_[b]);
    items_[a]->heap_position = a;
    items_[b]->heap_position = b;
  }
  void up(std::size_t at) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 2;
      if (!before_(*items_[at], *items_[parent])) return;
      swap(at, parent);
      at = parent;
    }
  }
  void down(std::size_t at) {
    for (;;) {
      std::size_t first = at;
      for (std::size_t child = 2 * at + 1; child <= 2 * at + 2 && child < items_.size(); ++child) {
        if (before_(*items_[child], *items_[first])) first = child;
      }
      if (first == at) return;
      swap(at, first);
      at = first;
    }
  }

  std::vector<T*> items_;
  [[no_unique_address]] Before before_;
};

}  // namespace stowage::scheduling

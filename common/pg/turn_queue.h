#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace tidemark::pg {

// Items that wait, by pool. Pools take turns, one item a turn. Not synchronized.
template <typename Item>
class TurnQueue {
 public:
  bool empty() const { return first_.empty() && ring_.empty(); }

  void Push(const std::string& pool, Item item) {
    auto& items = pools_[pool];
    if (items.empty()) ring_.push_back(pool);
    items.push_back(std::move(item));
  }

  // Ahead of all others.
  void PushFirst(Item item) { first_.push_front(std::move(item)); }

  // Removes the next item. Not of an empty queue.
  Item Pop() {
    if (!first_.empty()) {
      Item item = std::move(first_.front());
      first_.pop_front();
      return item;
    }
    std::string pool = std::move(ring_.front());
    ring_.pop_front();
    const auto found = pools_.find(pool);
    Item item = std::move(found->second.front());
    found->second.pop_front();
    if (found->second.empty()) {
      pools_.erase(found);
    } else {
      ring_.push_back(std::move(pool));
    }
    return item;
  }

  // Calls `remove` with each item for which `which` holds, and removes it.
  template <typename Which, typename Remove>
  void RemoveIf(const Which& which, const Remove& remove) {
    Filter(first_, which, remove);
    for (std::size_t left = ring_.size(); left > 0; --left) {
      std::string pool = std::move(ring_.front());
      ring_.pop_front();
      const auto found = pools_.find(pool);
      Filter(found->second, which, remove);
      if (found->second.empty()) {
        pools_.erase(found);
      } else {
        ring_.push_back(std::move(pool));
      }
    }
  }

 private:
  template <typename Which, typename Remove>
  static void Filter(std::deque<Item>& items, const Which& which, const Remove& remove) {
    std::deque<Item> kept;
    for (Item& item : items) {
      if (which(item)) {
        remove(item);
      } else {
        kept.push_back(std::move(item));
      }
    }
    items = std::move(kept);
  }

  std::deque<Item> first_;
  std::unordered_map<std::string, std::deque<Item>> pools_;  // none of them empty
  std::deque<std::string> ring_;  // of pools, in the order of their turns
};

}  // namespace tidemark::pg

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>

#include "absl/time/time.h"

namespace tidemark::publisher {

// What waits for an upload: in the order of coming, after a delay where one failed, and a bounded
// number under way at a time. Points to somebody else's items. Pure; for one thread.
template <typename Item>
class UploadQueue {
 public:
  using Id = std::uint64_t;

  explicit UploadQueue(std::size_t bound) : bound_(bound) {}

  // Takes an item that is neither waiting nor under way.
  void Push(Item* item) { ready_.push_back(item); }
  void Delay(Item* item, absl::Time until) { delayed_.emplace(until, item); }

  // Takes out the next item that is due; null if there is none, or as many are under way as may be.
  Item* Pop(absl::Time now) {
    if (under_way_.size() >= bound_) return nullptr;
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
      ready_.push_back(delayed_.begin()->second);
      delayed_.erase(delayed_.begin());
    }
    if (ready_.empty()) return nullptr;
    Item* const item = ready_.front();
    ready_.pop_front();
    return item;
  }

  // An item that was taken out is under way until Finish.
  Id Begin(Item* item) {
    under_way_.emplace(++last_id_, item);
    return last_id_;
  }
  // Null if it is unknown, or was removed meanwhile.
  Item* Find(Id id) const {
    const auto it = under_way_.find(id);
    return it == under_way_.end() ? nullptr : it->second;
  }
  Item* Finish(Id id) {
    Item* const item = Find(id);
    under_way_.erase(id);
    return item;
  }

  // Forgets those items, wherever they stand.
  template <typename Predicate>
  void RemoveIf(const Predicate& predicate) {
    const auto of_entry = [&](const auto& entry) { return predicate(entry.second); };
    std::erase_if(ready_, predicate);
    std::erase_if(delayed_, of_entry);
    std::erase_if(under_way_, of_entry);
  }

  // When Pop() may have something, if nothing happens before; InfiniteFuture for never.
  absl::Time NextDue() const {
    if (under_way_.size() >= bound_) return absl::InfiniteFuture();
    if (!ready_.empty()) return absl::InfinitePast();
    return delayed_.empty() ? absl::InfiniteFuture() : delayed_.begin()->first;
  }

 private:
  const std::size_t bound_;
  std::deque<Item*> ready_;
  std::multimap<absl::Time, Item*> delayed_;
  std::unordered_map<Id, Item*> under_way_;
  Id last_id_ = 0;
};

}  // namespace tidemark::publisher

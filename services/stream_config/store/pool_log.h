#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/stream_config/store/store.h"

namespace tidemark::stream_config {

// What a watcher is told at once.
struct PoolBatch {
  std::vector<std::shared_ptr<const Pool>> pools;  // new or changed
  std::vector<std::string> deleted;                // ids
  bool list_done = false;                          // the watcher now knows all pools
};

// The latest change of every pool in order of revision, shared by all watchers. A watcher is a
// cursor in it: one that is slow skips what was overtaken, and costs no memory. Deletions are
// forgotten after a while. Not thread-safe.
class PoolLog {
 public:
  // Remembers at most `max_deleted` deletions.
  explicit PoolLog(std::size_t max_deleted = 10'000) : max_deleted_(max_deleted) {}

  // Takes a change with a higher revision than all before.
  void Apply(PoolChange change);

  // Where a watcher stands.
  struct Cursor {
    Revision read;   // it was told everything up to here
    Revision begun;  // the head when it began: older deletions don't concern it
    bool list_done = false;
  };

  // A watcher that knows nothing.
  Cursor Begin() const { return {.begun = head_}; }

  // What `cursor` is to be told next, at most `limit` pools, and moves it past that; nothing if it
  // is up to date. The list is done when the cursor reaches the head, not where the head was when
  // it began: a pool that changed meanwhile has moved up.
  std::optional<PoolBatch> Next(Cursor& cursor, std::size_t limit) const;

  // Whether a deletion that `cursor` should have been told is forgotten: it has to begin again.
  bool FellBehind(const Cursor& cursor) const;

  Revision head() const { return head_; }
  // Pools that exist.
  std::size_t size() const { return by_revision_.size() - deleted_.size(); }

 private:
  struct Entry {
    std::string pool_id;
    std::shared_ptr<const Pool> pool;  // null: deleted
  };

  void Forget();

  std::size_t max_deleted_;
  std::map<Revision, Entry> by_revision_;
  std::unordered_map<std::string, Revision> revision_of_;
  std::map<Revision, std::string> deleted_;
  Revision head_;
  Revision forgotten_;  // of the latest deletion forgotten
};

}  // namespace tidemark::stream_config

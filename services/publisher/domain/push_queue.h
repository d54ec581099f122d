#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/node_hash_map.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/base/units.h"
#include "services/publisher/domain/push.h"
#include "services/publisher/domain/push_pace.h"
#include "services/publisher/domain/push_positions.h"

namespace tidemark::publisher {

// The changes that devices are to be told of, until they were told.
//
// Of a dataset there is one entry. First its devices are looked up, then each is told; what fails
// is tried again, and those told are not. A change that comes while an entry is not under way is
// told with it, as the newest count, and its devices are looked up anew: so the writer is left out
// only if all changes told together are one device's. One that comes meanwhile is told next.
//
// Pools take turns; each has a pace of its own and leaves others as much of what may be in flight
// as it has itself. What waits is bounded: beyond, the oldest entry goes of the pool that has the
// most. What is older than the age goes too: a device pulls anyway.
//
// Times are of one clock that does not jump. Pure; for one thread at a time: PushDispatcher calls
// it under its lock.
class PushQueue {
 public:
  struct Limits {
    std::int64_t bytes = 32 * kMiB;  // of memory, roughly
    absl::Duration age = absl::Minutes(15);
    std::size_t in_flight = 256;  // pushes to devices
    std::size_t in_flight_of_pool = 128;
  };
  // `random` outlives the queue.
  PushQueue(const Limits& limits, PushPositions positions, Random& random)
      : limits_(limits), positions_(std::move(positions)), random_(random) {}

  // Takes a change, whose commit_time is by the queue's clock here, unless it was dealt with before
  // or is too old.
  void Add(PushChange change, absl::Time now);
  // All changes at or below were added.
  void ReadThrough(Position read_mark) { positions_.ReadThrough(read_mark); }
  // Nobody is to be told of the pool's changes any more.
  void DropPool(std::int32_t pool_number);
  // The pool's settings changed: what failed before says nothing.
  void RenewPool(std::int32_t pool_number);
  // Pools of which something waits.
  std::set<std::int32_t> Pools() const;

  // Drops what is too old, wakes what waited to be tried again, and forgets pools of which nothing
  // waits and nothing failed lately. To be called before the next two.
  void Advance(absl::Time now);

  struct Lookup {
    std::uint64_t entry = 0;
    PushKey key;
    std::string writer;  // a device to leave out; may be empty
  };
  // Entries whose devices are to be looked up now. Each is answered by one of the next two.
  std::vector<Lookup> TakeLookups(std::size_t most, absl::Time now);
  void Found(std::uint64_t entry, std::vector<PushTarget> targets, absl::Time now);
  void NotFound(std::uint64_t entry, absl::Time now);  // it could not be asked

  struct Push {
    std::uint64_t entry = 0;
    PushKey key;
    std::int64_t sync_count = 0;
    absl::Time commit_time;  // of the oldest change that is told with it
    PushTarget target;
  };
  // One device to tell now; nothing if none may be told before Finish() or NextDue().
  std::optional<Push> TakePush(absl::Time now);
  void Finish(const Push& push, PushEnd end, absl::Time now);

  // When Advance() has something to do, or a pool's pause ends.
  absl::Time NextDue(absl::Time now) const;

  // For each shard that is held: nothing at or below has to be read again.
  ShardPositions Pushed() const { return positions_.Pushed(); }

  // Pushes to devices that will not be sent; one for an entry whose devices are not known.
  struct Dropped {
    std::int64_t aged = 0;
    std::int64_t overflow = 0;
    std::int64_t abandoned = 0;  // the pool's push settings were removed
  };
  // Since it was last asked.
  Dropped TakeDropped() { return std::exchange(dropped_, {}); }
  std::size_t waiting() const { return entries_.size(); }  // entries
  std::int64_t bytes() const { return bytes_; }
  std::size_t in_flight() const { return in_flight_; }

 private:
  struct Point {
    Position position = 0;
    absl::Time time;
  };
  // Changes that are told together.
  struct Told {
    std::int64_t sync_count = 0;
    std::string writer;  // empty: none, or several
    Point oldest;        // whose position is waited for
    Point newest;
  };
  struct Entry {
    const PushKey* key = nullptr;  // in index_
    LogShard shard;
    Told told;
    std::optional<Told> next;  // what came while it was under way
    bool looked_up = false;
    bool looking = false;
    std::vector<PushTarget> targets;  // not tried in this round
    std::vector<PushTarget> failed;   // in this round
    PushEnd failure = PushEnd::kTransient;
    std::size_t in_flight = 0;
    int failures = 0;  // rounds in a row
    absl::Time not_before = absl::InfinitePast();
    std::int64_t bytes = 0;

    bool calling() const { return looking || in_flight > 0; }
    bool under_way() const { return calling() || !targets.empty(); }
    std::int64_t pushes() const {
      return std::max<std::int64_t>(1, static_cast<std::int64_t>(targets.size() + failed.size()));
    }
  };
  using Entries = std::map<std::uint64_t, Entry>;  // in order of arrival
  struct Pool {
    explicit Pool(std::size_t most_in_flight) : pace(most_in_flight) {}
    PushPace pace;
    absl::btree_set<std::uint64_t> all;
    absl::btree_set<std::uint64_t> fresh;  // to be looked up
    absl::btree_set<std::uint64_t> ready;  // have targets
    std::size_t looking = 0;
    std::int64_t bytes = 0;
  };
  using PoolMap = std::map<std::int32_t, Pool>;

  static void Merge(Told& into, const Told& newer);
  // What came while the entry was under way is told with it. Whether something had.
  bool MergeNext(Entry& entry);
  Pool& PoolOf(const Entry& entry) { return pools_.at(entry.key->pool_number); }
  // Enters it where it stands, or takes it from there.
  void Place(Entries::iterator it, absl::Time now);
  void Unplace(Entries::iterator it);
  void Recount(Entry& entry);
  void Coalesce(Entries::iterator it, Told told, absl::Time now);
  void EndRound(Entries::iterator it, absl::Time now);
  // Goes on with what is next; erases the entry if there is nothing.
  void Complete(Entries::iterator it, absl::Time now);
  void SetTold(Entries::iterator it, Told told);
  void Erase(Entries::iterator it);
  void Age(Entries::iterator it, absl::Time now);
  bool DropOldest();
  // The pool after the one whose turn was last, for which `usable` holds.
  template <typename Usable>
  PoolMap::iterator NextPool(std::int32_t& turn, const Usable& usable);

  const Limits limits_;
  PushPositions positions_;
  Random& random_;
  std::uint64_t next_entry_ = 1;
  absl::node_hash_map<PushKey, std::uint64_t> index_;
  Entries entries_;
  PoolMap pools_;
  absl::btree_set<std::pair<absl::Time, std::uint64_t>> timers_;
  absl::btree_set<std::pair<absl::Time, std::uint64_t>> ages_;  // by Told::oldest
  std::size_t in_flight_ = 0;
  std::int64_t bytes_ = 0;
  std::int32_t lookup_turn_ = 0;
  std::int32_t push_turn_ = 0;
  Dropped dropped_;
};

}  // namespace tidemark::publisher

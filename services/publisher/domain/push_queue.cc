#include "services/publisher/domain/push_queue.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace tidemark::publisher {
namespace {

// Containers and allocator, of an entry and of a target.
constexpr std::int64_t kEntryBytes = 640;
constexpr std::int64_t kTargetBytes = 128;
// Entries of a pool that are looked up before their turn: so that its pace finds work.
constexpr std::size_t kAhead = 2;

std::int64_t BytesOf(const std::vector<PushTarget>& targets) {
  std::int64_t bytes = 0;
  for (const PushTarget& target : targets) {
    bytes += kTargetBytes +
             static_cast<std::int64_t>(target.device_id.size() + target.endpoint_arn.size());
  }
  return bytes;
}

}  // namespace

void PushQueue::Add(PushChange change, absl::Time now) {
  if (positions_.IsDone(change.log_shard, change.position)) return;
  if (change.commit_time + limits_.age <= now) {
    ++dropped_.aged;
    return;
  }
  const Point point{change.position, change.commit_time};
  Told told{change.sync_count, std::move(change.device_id), point, point};
  const auto [known, made] = index_.try_emplace(std::move(change.key), next_entry_);
  if (!made) return Coalesce(entries_.find(known->second), std::move(told), now);
  const auto it = entries_.try_emplace(next_entry_++).first;
  Entry& entry = it->second;
  entry.key = &known->first;
  entry.shard = change.log_shard;
  positions_.Add(entry.shard, point.position);
  ages_.emplace(point.time, it->first);
  entry.told = std::move(told);
  Pool& pool = pools_.try_emplace(entry.key->pool_number, limits_.in_flight_of_pool).first->second;
  pool.all.insert(it->first);
  Recount(entry);
  Place(it, now);
  while (bytes_ > limits_.bytes && DropOldest()) {
  }
}

void PushQueue::Merge(Told& into, const Told& newer) {
  into.sync_count = std::max(into.sync_count, newer.sync_count);
  if (into.writer != newer.writer) into.writer.clear();
  into.newest = newer.newest;
}

bool PushQueue::MergeNext(Entry& entry) {
  if (!entry.next) return false;
  positions_.Remove(entry.shard, entry.next->oldest.position);
  Merge(entry.told, *std::exchange(entry.next, std::nullopt));
  return true;
}

void PushQueue::Coalesce(Entries::iterator it, Told told, absl::Time now) {
  Entry& entry = it->second;
  if (!entry.under_way()) {
    Unplace(it);
    Merge(entry.told, told);
    entry.looked_up = false;
    entry.failed.clear();
    Place(it, now);
  } else if (entry.next) {
    Merge(*entry.next, told);
  } else {
    positions_.Add(entry.shard, told.oldest.position);
    entry.next = std::move(told);
  }
  Recount(entry);
}

void PushQueue::Place(Entries::iterator it, absl::Time now) {
  auto& [id, entry] = *it;
  if (entry.looking) return;
  if (!entry.under_way() && entry.not_before > now) {
    timers_.emplace(entry.not_before, id);
    return;
  }
  if (!entry.looked_up) {
    PoolOf(entry).fresh.insert(id);
    return;
  }
  if (!entry.under_way()) entry.targets = std::exchange(entry.failed, {});
  if (!entry.targets.empty()) PoolOf(entry).ready.insert(id);
}

void PushQueue::Unplace(Entries::iterator it) {
  const auto& [id, entry] = *it;
  Pool& pool = PoolOf(entry);
  pool.fresh.erase(id);
  pool.ready.erase(id);
  timers_.erase({entry.not_before, id});
}

void PushQueue::Recount(Entry& entry) {
  const std::int64_t bytes =
      kEntryBytes + BytesOf(entry.targets) + BytesOf(entry.failed) +
      static_cast<std::int64_t>(entry.key->identity_id.size() + entry.key->dataset_name.size());
  const std::int64_t more = bytes - std::exchange(entry.bytes, bytes);
  PoolOf(entry).bytes += more;
  bytes_ += more;
}

template <typename Usable>
PushQueue::PoolMap::iterator PushQueue::NextPool(std::int32_t& turn, const Usable& usable) {
  auto it = pools_.upper_bound(turn);
  for (std::size_t i = 0; i < pools_.size(); ++i, ++it) {
    if (it == pools_.end()) it = pools_.begin();
    if (!usable(it->second)) continue;
    turn = it->first;
    return it;
  }
  return pools_.end();
}

std::vector<PushQueue::Lookup> PushQueue::TakeLookups(std::size_t most, absl::Time now) {
  std::vector<Lookup> lookups;
  const auto usable = [&](const Pool& pool) {
    return !pool.fresh.empty() && now >= pool.pace.paused_until() &&
           pool.looking + pool.ready.size() < kAhead * pool.pace.limit();
  };
  while (lookups.size() < most) {
    const auto pool = NextPool(lookup_turn_, usable);
    if (pool == pools_.end()) break;
    const std::uint64_t id = *pool->second.fresh.begin();
    pool->second.fresh.erase(pool->second.fresh.begin());
    ++pool->second.looking;
    Entry& entry = entries_.at(id);
    entry.looking = true;
    lookups.push_back({id, *entry.key, entry.told.writer});
  }
  return lookups;
}

void PushQueue::Found(std::uint64_t id, std::vector<PushTarget> targets, absl::Time now) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  --PoolOf(entry).looking;
  entry.looking = false;
  entry.looked_up = true;
  entry.targets = std::move(targets);
  if (entry.targets.empty()) return Complete(it, now);
  Place(it, now);
  Recount(entry);
}

void PushQueue::NotFound(std::uint64_t id, absl::Time now) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  --PoolOf(entry).looking;
  entry.looking = false;
  MergeNext(entry);
  Place(it, now);
}

std::optional<PushQueue::Push> PushQueue::TakePush(absl::Time now) {
  const auto pool = NextPool(push_turn_, [&](const Pool& candidate) {
    return !candidate.ready.empty() && candidate.pace.Allows(now) &&
           in_flight_ + candidate.pace.in_flight() < limits_.in_flight;
  });
  if (pool == pools_.end()) return std::nullopt;
  const auto it = entries_.find(*pool->second.ready.begin());
  Entry& entry = it->second;
  Push push{it->first, *entry.key, entry.told.sync_count, entry.told.oldest.time,
            std::move(entry.targets.back())};
  entry.targets.pop_back();
  if (entry.targets.empty()) pool->second.ready.erase(it->first);
  ++entry.in_flight;
  ++in_flight_;
  pool->second.pace.Sent();
  return push;
}

void PushQueue::Finish(const Push& push, PushEnd end, absl::Time now) {
  --in_flight_;
  pools_.at(push.key.pool_number).pace.Answered(end, now, random_);
  const auto it = entries_.find(push.entry);
  if (it != entries_.end()) {
    Entry& entry = it->second;
    --entry.in_flight;
    if (IsRetried(end)) {
      entry.failed.push_back(push.target);
      entry.failure = end;
    }
    Recount(entry);
    if (!entry.under_way()) EndRound(it, now);
  }
}

void PushQueue::EndRound(Entries::iterator it, absl::Time now) {
  Entry& entry = it->second;
  if (entry.failed.empty()) return Complete(it, now);
  entry.not_before = now + PushBackoff(entry.failure, ++entry.failures, random_);
  if (MergeNext(entry)) {
    entry.failed.clear();
    entry.looked_up = false;
    Recount(entry);
  }
  Place(it, now);
}

void PushQueue::Complete(Entries::iterator it, absl::Time now) {
  Entry& entry = it->second;
  if (!entry.next) return Erase(it);
  Unplace(it);
  positions_.Remove(entry.shard, entry.told.oldest.position);
  SetTold(it, *std::exchange(entry.next, std::nullopt));
  entry.looked_up = false;
  entry.targets.clear();
  entry.failed.clear();
  entry.failures = 0;
  entry.not_before = absl::InfinitePast();
  Recount(entry);
  Place(it, now);
}

void PushQueue::SetTold(Entries::iterator it, Told told) {
  Entry& entry = it->second;
  ages_.erase({entry.told.oldest.time, it->first});
  entry.told = std::move(told);
  ages_.emplace(entry.told.oldest.time, it->first);
}

void PushQueue::Erase(Entries::iterator it) {
  const auto& [id, entry] = *it;
  Unplace(it);
  Pool& pool = PoolOf(entry);
  if (entry.looking) --pool.looking;
  positions_.Remove(entry.shard, entry.told.oldest.position);
  if (entry.next) positions_.Remove(entry.shard, entry.next->oldest.position);
  ages_.erase({entry.told.oldest.time, id});
  pool.all.erase(id);
  pool.bytes -= entry.bytes;
  bytes_ -= entry.bytes;
  index_.erase(index_.find(*entry.key));
  entries_.erase(it);
}

void PushQueue::Advance(absl::Time now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const auto it = entries_.find(timers_.begin()->second);
    timers_.erase(timers_.begin());
    Place(it, now);
  }
  std::vector<std::uint64_t> old;
  for (const auto& [time, id] : ages_) {
    if (time + limits_.age > now) break;
    if (!entries_.at(id).calling()) old.push_back(id);
  }
  for (const std::uint64_t id : old) Age(entries_.find(id), now);
  std::erase_if(pools_, [now](const auto& entry) {
    const Pool& pool = entry.second;
    return pool.all.empty() && pool.pace.AtRest(now);
  });
}

// A change that was told with it may be younger: then that is still to be told, if only by an
// earlier writer's device too.
void PushQueue::Age(Entries::iterator it, absl::Time now) {
  Entry& entry = it->second;
  if (entry.told.newest.time + limits_.age > now) {
    positions_.Remove(entry.shard, entry.told.oldest.position);
    positions_.Add(entry.shard, entry.told.newest.position);
    Told told = entry.told;
    told.oldest = told.newest;
    return SetTold(it, std::move(told));
  }
  dropped_.aged += entry.pushes();
  Complete(it, now);
}

bool PushQueue::DropOldest() {
  const auto most = std::max_element(
      pools_.begin(), pools_.end(),
      [](const auto& a, const auto& b) { return a.second.bytes < b.second.bytes; });
  for (const std::uint64_t id : most->second.all) {
    const auto it = entries_.find(id);
    if (it->second.calling()) continue;
    dropped_.overflow += it->second.pushes();
    Erase(it);
    return true;
  }
  return false;
}

void PushQueue::DropPool(std::int32_t pool_number) {
  const auto pool = pools_.find(pool_number);
  if (pool == pools_.end()) return;
  const std::vector<std::uint64_t> all(pool->second.all.begin(), pool->second.all.end());
  for (const std::uint64_t id : all) {
    const auto it = entries_.find(id);
    dropped_.abandoned += it->second.pushes();
    Erase(it);
  }
}

void PushQueue::RenewPool(std::int32_t pool_number) {
  const auto pool = pools_.find(pool_number);
  if (pool == pools_.end()) return;
  pool->second.pace.Renew();
  for (const std::uint64_t id : pool->second.all) {
    Entry& entry = entries_.at(id);
    if (timers_.erase({entry.not_before, id}) == 0) continue;
    entry.failures = 0;
    entry.not_before = absl::InfinitePast();
    Place(entries_.find(id), entry.not_before);
  }
}

std::set<std::int32_t> PushQueue::Pools() const {
  std::set<std::int32_t> numbers;
  for (const auto& [number, pool] : pools_) {
    if (!pool.all.empty()) numbers.insert(number);
  }
  return numbers;
}

absl::Time PushQueue::NextDue(absl::Time now) const {
  absl::Time due = timers_.empty() ? absl::InfiniteFuture() : timers_.begin()->first;
  const auto young =
      ages_.upper_bound({now - limits_.age, std::numeric_limits<std::uint64_t>::max()});
  if (young != ages_.end()) due = std::min(due, young->first + limits_.age);
  for (const auto& [number, pool] : pools_) {
    const absl::Time until = pool.pace.paused_until();
    if (until > now && !(pool.fresh.empty() && pool.ready.empty())) due = std::min(due, until);
  }
  return due;
}

}  // namespace tidemark::publisher

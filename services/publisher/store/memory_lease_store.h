#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <tuple>

#include "common/base/clock.h"
#include "services/publisher/store/bulk_store.h"
#include "services/publisher/store/lease_store.h"
#include "services/publisher/store/memory_steering.h"

namespace tidemark::publisher {

// Leases in memory, for tests. Safe for concurrent use, so that several publishers can share it.
class MemoryLeaseStore final : public LeaseStore, public BulkStore {
 public:
  // What is parked, and who is alive, is told to `steering`. Both outlive the store.
  MemoryLeaseStore(const Clock& clock, MemorySteering& steering)
      : clock_(clock), steering_(steering) {}

  absl::StatusOr<Standing> Join(const std::string& member, absl::Duration ttl) override;
  absl::StatusOr<std::optional<Standing>> Renew(const std::string& member,
                                                absl::Duration ttl) override;
  absl::StatusOr<Leases> Take(const std::string& member, int shards) override;
  absl::StatusOr<bool> Store(const std::string& member, const FencingTokens& tokens,
                             const Progress& progress) override;
  absl::Status GiveBack(const std::string& member, int keep) override;
  absl::Status Leave(const std::string& member) override;
  absl::StatusOr<Position> LowMark() override;

  absl::StatusOr<std::map<LogShard, BulkShard>> Load(std::int32_t pool_number,
                                                     std::int64_t job) override;
  absl::Status Forget(std::span<const Ended> ended) override;

  // How often somebody joined or asked to.
  std::int64_t asked() const;
  // What is stored now.
  StoredState state() const;
  // Where the destination stands in a shard: what a publisher that takes the shard would not send.
  Position FloorOf(DestinationId id, LogShard shard) const;
  // How many shards each member holds.
  std::map<std::string, int> Holdings() const;
  void SetEmptiedThrough(Position position);
  // Ends the time of all members, as if they had not been renewed.
  void Expire();
  // Makes every call fail with `status` until OK is set.
  void SetFailure(absl::Status status);

 private:
  struct Lease {
    std::string holder;  // empty: free
    std::int64_t token = 0;
  };

  Standing StandingOf(const std::string& member) const;
  void RemoveExpired(const std::string& except);
  void Remove(const std::string& member);
  void Park(const NewlyParked& parked);
  // Of a pool that has no destination any more.
  void ForgetBulk(std::int32_t pool_number);
  void StoreCursors(const CursorUpdate& cursors);
  void StoreBulk(const Progress& progress);
  Position Floor(DestinationId id, std::size_t shard) const;

  // Tells who is alive.
  void Tell(const std::string& member);

  const Clock& clock_;
  MemorySteering& steering_;
  mutable std::mutex mutex_;
  std::map<std::string, absl::Time> members_;  // and when they expire
  std::array<Lease, kLogShards> leases_;
  StoredState state_;
  std::map<DestinationId, Position> starts_;
  std::set<std::tuple<Position, DestinationId>> parked_;
  std::map<std::tuple<std::int32_t, std::int64_t, LogShard>, BulkShard> bulk_;
  absl::Status failure_;
  std::int64_t asked_ = 0;
};

}  // namespace tidemark::publisher

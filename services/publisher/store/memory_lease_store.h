#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

#include "common/base/clock.h"
#include "services/publisher/store/lease_store.h"

namespace tidemark::publisher {

// Leases in memory, for tests. Safe for concurrent use, so that several publishers can share it.
class MemoryLeaseStore final : public LeaseStore {
 public:
  // `clock` outlives the store.
  explicit MemoryLeaseStore(const Clock& clock) : clock_(clock) {}

  absl::StatusOr<std::optional<Leases>> Acquire(const std::string& member,
                                                absl::Duration ttl) override;
  absl::StatusOr<bool> Renew(const std::string& member, absl::Duration ttl) override;
  absl::StatusOr<bool> Store(const std::string& member, const FencingTokens& tokens,
                             const Progress& progress) override;
  absl::Status Release(const std::string& member) override;

  // How often the leases were asked for.
  std::int64_t asked() const;
  // What is stored now.
  StoredState state() const;
  void SetEmptiedThrough(Position position);
  // Ends the holder's time, as if it had not been renewed.
  void Expire();
  // Makes every call fail with `status` until OK is set.
  void SetFailure(absl::Status status);

 private:
  void Remove(const std::string& member);
  void Park(const NewlyParked& parked);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, absl::Time> members_;  // and when they expire
  std::string holder_;
  FencingTokens tokens_{};
  StoredState state_;
  std::set<std::tuple<Position, DestinationId>> parked_;
  absl::Status failure_;
  std::int64_t asked_ = 0;
};

}  // namespace tidemark::publisher

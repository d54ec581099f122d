#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "services/publisher/store/lease_store.h"
#include "services/publisher/store/orders.h"
#include "services/publisher/store/parked_changes.h"
#include "services/publisher/store/steering.h"

namespace tidemark::publisher {

// Parked changes, what operators want and what publishers tell, in memory, for tests. Safe for
// concurrent use.
class MemorySteering final : public ParkedChanges, public Steering, public Orders {
 public:
  // `clock` outlives the object.
  explicit MemorySteering(const Clock& clock) : clock_(clock) {}

  absl::StatusOr<ParkedPage> List(const std::string& pool_id, const ParkedCursor& after, int limit,
                                  absl::Time deadline) override;
  absl::StatusOr<std::int64_t> Replay(const std::string& pool_id,
                                      const std::vector<Position>& positions,
                                      absl::Time deadline) override;
  absl::StatusOr<std::int64_t> Discard(const std::string& pool_id,
                                       const std::vector<Position>& positions,
                                       absl::Time deadline) override;

  absl::StatusOr<Overview> Look(std::optional<std::int32_t> pool_number,
                                absl::Time deadline) override;
  absl::Status Pause(std::int32_t pool_number, const std::string& reason,
                     absl::Time deadline) override;
  absl::Status Resume(std::int32_t pool_number, absl::Time deadline) override;

  absl::StatusOr<Ordered> Read(const ShardSet& shards, const ParkedCursor& after,
                               int limit) override;
  absl::StatusOr<std::int64_t> CountParked(const ShardSet& shards) override;
  absl::StatusOr<std::set<std::int32_t>> Pools(const ShardSet& shards) override;
  absl::Status Forget(const std::set<std::int32_t>& pools, const ShardSet& shards) override;
  absl::Status Report(const std::string& member,
                      const std::vector<DestinationReport>& reports) override;

  // What the leases' store does. Parking again changes nothing.
  void Park(DestinationId destination, const ParkedEvent& event);
  void Finish(const ReplayOutcome& replay);
  void SetMember(const std::string& id, const ShardSet& shards, absl::Time expire_time);
  void RemoveMember(const std::string& id);
  void SetGapped(DestinationId destination, Position through);

  // Makes every call fail with `status` until OK is set.
  void SetFailure(absl::Status status);
  // Makes Report do its work and then fail, as if its answer were lost.
  void LoseReportAnswers();

 private:
  struct Member {
    ShardSet shards;
    absl::Time start_time;
    absl::Time expire_time;
    std::vector<DestinationReport> reports;
  };
  using Parked = std::map<ParkedCursor, StoredParkedChange>;

  static bool Meant(const StoredParkedChange& change, const std::string& pool_id,
                    const std::vector<Position>& positions);

  const Clock& clock_;
  mutable std::mutex mutex_;
  Parked parked_;
  Pauses pauses_;
  std::map<std::string, Member> members_;
  std::map<DestinationId, Position> gapped_through_;
  absl::Status failure_;
  bool loses_report_answers_ = false;
};

}  // namespace tidemark::publisher

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "services/dataset/domain/outcome.h"
#include "services/dataset/domain/types.h"

// The rules of UpdateRecords and DeleteDataset (contract section 4), pure: the memory store runs
// them; the PostgreSQL store decides the same in its function, and tests hold the two together.
namespace tidemark::dataset {

// How long a repeat of an applied request gets the first answer, and how many are remembered.
inline constexpr absl::Duration kReplayWindow = absl::Hours(1);
inline constexpr std::size_t kReplaysKept = 8;

// A dataset with all it remembers.
struct DatasetState {
  // An applied request.
  struct Entry {
    RequestIdentity identity;
    SyncCount sync_count;
    absl::Time time;
    bool triggered = false;  // as in Applied
  };

  DatasetInfo info;
  std::string merged_into;                // see merged_dataset_names; empty for none
  std::map<std::string, Record> records;  // this generation's, tombstones among them
  std::deque<Entry> applied;              // newest first, at most kReplaysKept
};

// What an identity uses against its limits, as far as an update can change it.
struct IdentityCounts {
  std::int32_t live_datasets = 0;
  std::int32_t dataset_names = 0;
};

// How a request ended that `state` remembers: Applied, or RequestIdReused. nullopt: it is no
// repeat.
std::optional<UpdateOutcome> FindRepeat(const DatasetState& state, const RequestIdentity& identity,
                                        absl::Time now);

// A limit that `request` passes whatever its dataset holds, as an empty dataset would: it is not to
// be applied. nullopt: that depends on the dataset. More patches than a dataset may have keys are
// such a case: a dataset above a lowered limit of keys takes them in several requests.
std::optional<LimitBreach> CertainBreach(const UpdateRequest& request);

// Applies `request` to `state` (null: the name was never used; then a state is made in `created`)
// at time `now`, or leaves everything as it was. In this order: a repeat, a reused id, conflicts,
// limits.
UpdateOutcome ApplyUpdate(const UpdateRequest& request, absl::Time now, DatasetState* state,
                          IdentityCounts& counts, DatasetState& created);

// How a deletion ends: the dataset as it was with the count of its deletion, or nothing to delete.
// Of a repeat that comes when the dataset was written or deleted again, only count, time and writer
// of the deletion are known; created_time is InfinitePast, the rest is 0.
struct DeleteOutcome {
  enum class Kind { kDeleted, kReplayed, kNotFound, kRequestIdReused };
  Kind kind = Kind::kNotFound;
  DatasetInfo dataset;
};

// Deletes: takes the next count, forgets the records and the requests without an id of their own,
// begins the next generation, and keeps the rest as a tombstone (also how many records and bytes
// there were, to answer a repeat).
DeleteOutcome ApplyDelete(const DeleteRequest& request, absl::Time now, DatasetState* state,
                          IdentityCounts& counts);

// Deletes a live dataset as part of something larger, which nobody repeats by a request's id.
DatasetInfo DeleteLive(const ChangeOrigin& origin, absl::Time now, DatasetState& state,
                       IdentityCounts& counts);

// Whether a client at `since` must be told that the dataset was deleted (contract 4.5): only a
// client that had something, and that has not seen the deletion.
bool DeletedAfter(const DatasetInfo& info, SyncCount since);

}  // namespace tidemark::dataset

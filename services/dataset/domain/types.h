#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/base/owner.h"

// The things the dataset service knows, free of wire and database types.
namespace tidemark::dataset {

// A dataset's count: the number of changes accepted since its first life began. A record carries
// the count of its last change; 0 means never written.
using SyncCount = Strong<std::int64_t, struct SyncCountTag>;

// Which life of a dataset, from 1. A deletion begins the next.
using Generation = Strong<std::int64_t, struct GenerationTag>;

// Small number that stands for a pool in the change log.
using PoolNumber = Strong<std::int32_t, struct PoolNumberTag>;

// An identity, with the address of its data.
struct IdentityKey {
  std::string pool_id;
  std::string identity_id;
  Owner owner;

  static IdentityKey Of(std::string pool_id, std::string identity_id) {
    const Owner owner = OwnerOf(pool_id, identity_id);
    return {std::move(pool_id), std::move(identity_id), owner};
  }
  friend bool operator==(const IdentityKey&, const IdentityKey&) = default;
  friend auto operator<=>(const IdentityKey&, const IdentityKey&) = default;
};

struct DatasetKey {
  IdentityKey identity;
  std::string name;

  friend bool operator==(const DatasetKey&, const DatasetKey&) = default;
  friend auto operator<=>(const DatasetKey&, const DatasetKey&) = default;
};

// Published limits of a pool (contract 4.7). All are inclusive.
struct Limits {
  std::int32_t datasets_per_identity = 20;
  std::int32_t records_per_dataset = 1024;
  std::int64_t bytes_per_dataset = 1'048'576;
  // Live and removed keys of a dataset (contract section 11, choice 5).
  std::int32_t keys_per_dataset = 16'384;
  std::int32_t dataset_names_per_identity = 1'000;
};

struct Record {
  std::string key;
  std::optional<std::string> value;  // nullopt: a tombstone
  SyncCount sync_count;
  absl::Time modified_time;
  absl::Time device_modified_time;
  std::string modified_by;

  friend bool operator==(const Record&, const Record&) = default;
};

// What an update does to one key.
struct RecordPatch {
  std::string key;
  std::optional<std::string> value;  // nullopt: remove
  SyncCount expected;                // the count the device holds; 0: it never saw the key
  std::optional<absl::Time> device_modified_time;
};

// Names a request, so that a repeat gets the first answer.
struct RequestIdentity {
  using Hash = std::pair<std::uint64_t, std::uint64_t>;  // 128 bits of SHA-256

  Hash request;  // of the caller and its request id, or of token and content when it gave none
  Hash content;  // of what was asked: the same request with other content is an error
  // Whether the caller gave an id. Without one an equal request is taken for a repeat, which it no
  // longer is once the dataset was deleted.
  bool named = true;

  friend bool operator==(const RequestIdentity&, const RequestIdentity&) = default;
};

// Who asks and how the change is to be remembered.
struct ChangeOrigin {
  std::string modified_by;  // device id, else identity id, else account id (contract 4.4)
  std::string device_id;    // empty: none named
  std::string traceparent;  // W3C trace context; empty: none
};

// An UpdateRecords whose shape is valid: at least one patch, each key once, all bounds kept.
struct UpdateRequest {
  DatasetKey dataset;
  PoolNumber pool_number;
  Limits limits;
  std::vector<RecordPatch> patches;
  ChangeOrigin origin;
  RequestIdentity identity;
  // Set if a sync trigger made the patches: the life of the dataset that it saw, 0 if the dataset
  // was not live. In any other life they conflict, all of them.
  std::optional<Generation> seen_generation;
  // Nobody waits for the answer after this.
  absl::Time deadline = absl::InfiniteFuture();
};

struct DeleteRequest {
  DatasetKey dataset;
  PoolNumber pool_number;
  ChangeOrigin origin;
  std::optional<RequestIdentity> identity;  // nullopt: nobody repeats it, and it repeats nothing
};

struct MergeRequest {
  IdentityKey winner;
  IdentityKey loser;
  PoolNumber pool_number;
  Limits limits;
  ChangeOrigin origin;
};

struct EraseRequest {
  IdentityKey identity;
  PoolNumber pool_number;
  ChangeOrigin origin;
};

// A dataset's description.
struct DatasetInfo {
  DatasetKey key;
  SyncCount sync_count;
  Generation generation;
  bool live = false;
  absl::Time created_time;
  absl::Time modified_time;
  std::string modified_by;
  std::int64_t live_records = 0;        // of a tombstone: what there was when it was deleted
  std::int64_t bytes = 0;               // likewise
  std::optional<SyncCount> deleted_at;  // the count of the last deletion

  friend bool operator==(const DatasetInfo&, const DatasetInfo&) = default;
};

// Usage of an identity: live datasets and records only.
struct IdentityUsage {
  IdentityKey identity;
  std::int32_t datasets = 0;
  std::int64_t bytes = 0;
  std::optional<absl::Time> modified_time;  // nullopt: it has no data

  friend bool operator==(const IdentityUsage&, const IdentityUsage&) = default;
};

struct PoolUsage {
  std::string pool_id;
  std::int64_t sync_sessions = 0;
  std::int64_t bytes = 0;
  std::optional<absl::Time> modified_time;
};

// What went when an identity was erased.
struct Erased {
  std::int64_t datasets = 0;
  std::int64_t records = 0;
  std::int64_t bytes = 0;
  std::int64_t change_log_rows = 0;  // -1: could not be counted in time
  absl::Time time;
};

}  // namespace tidemark::dataset

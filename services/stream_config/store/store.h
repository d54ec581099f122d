#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/stream_config/domain/bulk_publish.h"
#include "services/stream_config/domain/creation.h"
#include "services/stream_config/domain/pool.h"

// Where pools are kept. Two implementations, PostgreSQL and memory, pass one contract suite. Every
// method is one use case and leaves nothing half done. Failures besides those named: UNAVAILABLE
// DATABASE_UNAVAILABLE, ABORTED CONCURRENT_CHANGE, DEADLINE_EXCEEDED, INTERNAL.
namespace tidemark::stream_config {

// What became of one pool.
struct PoolChange {
  Revision revision;
  std::string pool_id;
  std::optional<Pool> pool;  // nullopt: deleted
};

struct ChangePage {
  // In order of revision, each pool at most once.
  std::vector<PoolChange> changes;
  // The highest revision given out before the page was read. Below one that was seen earlier: the
  // database was put back to an older state.
  Revision head;
};

struct BulkPublishStatus {
  std::optional<BulkPublish> bulk_publish;  // nothing: there was none
  BulkProgress progress;
};

// Safe for concurrent use. Methods block, no longer than until `deadline`.
class PoolStore {
 public:
  virtual ~PoolStore() = default;

  // Makes a pool with the next number and version 1, or answers as AnswerRepeat says.
  virtual absl::StatusOr<Pool> Create(const Creation& creation, absl::Time deadline) = 0;

  // What Create would answer if it made nothing; nothing if it would make a pool.
  virtual absl::StatusOr<std::optional<Pool>> FindRepeat(const Creation& creation,
                                                         absl::Time deadline) = 0;

  // POOL_NOT_FOUND.
  virtual absl::StatusOr<Pool> Get(std::string_view pool_id, absl::Time deadline) = 0;

  // Pools with ids above `after_id`, in order of id (bytes), at most `limit` (at least 1).
  virtual absl::StatusOr<std::vector<Pool>> List(std::string_view after_id, std::int32_t limit,
                                                 absl::Time deadline) = 0;

  // Writes a pool that was read as `pool.version` and changed since, but for what never changes
  // (number, creation time, external id); answers it with the version raised by 1. VERSION_MISMATCH
  // if another write came between, POOL_NOT_FOUND.
  virtual absl::StatusOr<Pool> Replace(const Pool& pool, absl::Time deadline) = 0;

  // The pool's last bulk publish and how far it is. POOL_NOT_FOUND.
  virtual absl::StatusOr<BulkPublishStatus> GetBulkPublish(std::string_view pool_id,
                                                           absl::Time deadline) = 0;

  // Notes how far `job` is, as Advance says; nothing, unless it is the one that runs. No change of
  // the pool: neither its version nor its revision rises. POOL_NOT_FOUND.
  virtual absl::Status NoteBulkProgress(std::string_view pool_id, BulkJob job,
                                        const BulkProgress& progress, absl::Time now,
                                        absl::Time deadline) = 0;

  // Deletes a pool. What is left of it: its number and ids, which are never given again, and a
  // mark that its data is to be purged. POOL_NOT_FOUND; VERSION_MISMATCH if `expected` is another
  // version than the current one.
  virtual absl::Status Delete(std::string_view pool_id, std::optional<Version> expected,
                              absl::Time now, absl::Time deadline) = 0;

  // Pools deleted before `before` whose data may not all be purged, at most `limit`, in any order.
  virtual absl::StatusOr<std::vector<std::string>> ListUnpurged(absl::Time before,
                                                                std::int32_t limit,
                                                                absl::Time deadline) = 0;

  // Takes a deleted pool off that list. Any other pool is left as it is.
  virtual absl::Status MarkPurged(std::string_view pool_id, absl::Time now,
                                  absl::Time deadline) = 0;

  // What changed after `after`, at most `limit` pools. A change is readable from the moment it is
  // acknowledged, and never after one with a higher revision: readers miss nothing.
  virtual absl::StatusOr<ChangePage> ChangesSince(Revision after, std::int32_t limit,
                                                  absl::Time deadline) = 0;
};

}  // namespace tidemark::stream_config

#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/stream_config/store/store.h"

namespace tidemark::stream_config {

// Keeps pools in memory: for tests of what stands above the store, and the model that the
// PostgreSQL store is held to.
class MemoryStore final : public PoolStore {
 public:
  absl::StatusOr<Pool> Create(const Creation& creation, absl::Time deadline) override;
  absl::StatusOr<std::optional<Pool>> FindRepeat(const Creation& creation,
                                                 absl::Time deadline) override;
  absl::StatusOr<Pool> Get(std::string_view pool_id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Pool>> List(std::string_view after_id, std::int32_t limit,
                                         absl::Time deadline) override;
  absl::StatusOr<Pool> Replace(const Pool& pool, absl::Time deadline) override;
  absl::StatusOr<BulkPublishStatus> GetBulkPublish(std::string_view pool_id,
                                                   absl::Time deadline) override;
  absl::Status NoteBulkProgress(std::string_view pool_id, BulkJob job, const BulkProgress& progress,
                                absl::Time now, absl::Time deadline) override;
  absl::Status Delete(std::string_view pool_id, std::optional<Version> expected, absl::Time now,
                      absl::Time deadline) override;
  absl::StatusOr<std::vector<std::string>> ListUnpurged(absl::Time before, std::int32_t limit,
                                                        absl::Time deadline) override;
  absl::Status MarkPurged(std::string_view pool_id, absl::Time now, absl::Time deadline) override;
  absl::StatusOr<ChangePage> ChangesSince(Revision after, std::int32_t limit,
                                          absl::Time deadline) override;

 private:
  struct Entry {
    HeldPool held;
    Revision revision;
    absl::Time delete_time;
    bool purged = false;
    BulkProgress progress;  // of progress_job; means nothing if that is not the pool's last job
    BulkJob progress_job;
  };

  // These run under mutex_.
  absl::StatusOr<std::optional<Pool>> FindRepeatLocked(const Creation& creation) const;
  Entry* FindLive(std::string_view pool_id);
  Revision NextRevision();

  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> pools_;
  Revision head_;
  PoolNumber last_number_;
};

}  // namespace tidemark::stream_config

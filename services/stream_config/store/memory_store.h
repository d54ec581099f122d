#pragma once

#include <cstdint>
#include <map>
#include <mutex>
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
  absl::StatusOr<Pool> Get(std::string_view pool_id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Pool>> List(std::string_view after_id, std::int32_t limit,
                                         absl::Time deadline) override;
  absl::StatusOr<Pool> Replace(const Pool& pool, absl::Time deadline) override;
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
  };

  // These run under mutex_.
  Entry* FindLive(std::string_view pool_id);
  Revision NextRevision();

  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> pools_;
  Revision head_;
  PoolNumber last_number_;
};

}  // namespace tidemark::stream_config

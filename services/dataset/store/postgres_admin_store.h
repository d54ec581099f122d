#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/pg/options.h"
#include "common/pg/reconnector.h"
#include "services/dataset/store/store.h"

namespace tidemark::dataset {

// The rarer work in PostgreSQL, on one connection. What loses a race is tried again with jitter
// until the deadline; what waits for a lock, for about 2 s.
class PostgresAdminStore final : public AdminStore {
 public:
  // Connects at the first call. `random` outlives the store.
  explicit PostgresAdminStore(const pg::ConnectOptions& options, Random& random = SystemRandom());

  absl::StatusOr<DeleteOutcome> Delete(const DeleteRequest& request, absl::Time deadline) override;
  absl::StatusOr<std::vector<DatasetInfo>> Merge(const MergeRequest& request,
                                                 absl::Time deadline) override;
  absl::StatusOr<Erased> Erase(const EraseRequest& request, absl::Time deadline) override;
  absl::StatusOr<std::int64_t> PurgePool(const std::string& pool_id, bool force,
                                         absl::Time deadline) override;
  absl::Status AddSessions(std::span<const std::pair<std::string, std::int64_t>> sessions,
                           absl::Time deadline) override;
  absl::StatusOr<std::vector<PoolUsage>> DescribePools(std::span<const std::string> pool_ids,
                                                       absl::Time deadline) override;

 private:
  template <typename T>
  using Attempt = std::function<absl::StatusOr<T>(pg::Connection&)>;

  template <typename T>
  absl::StatusOr<T> Retried(absl::Time deadline, const Attempt<T>& attempt);

  pg::Reconnector connections_;
  Random& random_;
};

}  // namespace tidemark::dataset

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/pg/connections.h"
#include "common/pg/options.h"
#include "services/stream_config/store/store.h"

namespace tidemark::stream_config {

// Keeps pools in the schema stream_config. Each use case is one statement in a transaction of its
// own. Errors also as pg::Connections.
class PostgresStore final : public PoolStore {
 public:
  // At most `connections` statements run at once.
  PostgresStore(pg::ConnectOptions options, int connections);

  // Whether the database can be used: for readiness.
  absl::Status Check(absl::Time deadline);

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
  absl::StatusOr<std::vector<HeldPool>> ReadHeld(const Creation& creation, absl::Time deadline);
  // Why a write of `pool_id` as `expected` found no row.
  absl::Status WhyUntouched(std::string_view pool_id, std::optional<Version> expected,
                            absl::Time deadline);

  pg::Connections connections_;
};

}  // namespace tidemark::stream_config

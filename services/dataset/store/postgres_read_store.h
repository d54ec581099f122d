#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/pg/options.h"
#include "common/pg/pipeline_lane.h"
#include "services/dataset/store/store.h"

namespace tidemark::dataset {

// Reads from PostgreSQL, each page in one statement, on lanes of one connection each. What is asked
// of an identity, or of a pool, always goes to the same lane.
class PostgresReadStore final : public ReadStore {
 public:
  // `lanes` is at least 1.
  PostgresReadStore(const pg::ConnectOptions& options, int lanes,
                    const pg::PipelineLimits& limits = {});

  void ListDatasets(const IdentityKey& identity, const std::string& after_name, std::int32_t limit,
                    absl::Time deadline, Callback<DatasetPage> done) override;
  void DescribeDataset(const DatasetKey& dataset, absl::Time deadline,
                       Callback<std::optional<DatasetInfo>> done) override;
  void ListRecords(const RecordQuery& query, absl::Time deadline,
                   Callback<RecordPage> done) override;
  void View(const ViewQuery& query, absl::Time deadline, Callback<DatasetView> done) override;
  void DescribeIdentity(const IdentityKey& identity, absl::Time deadline,
                        Callback<IdentityUsage> done) override;
  void DescribePool(const std::string& pool_id, absl::Time deadline,
                    Callback<PoolUsage> done) override;
  void ListIdentities(const std::string& pool_id, const std::string& prefix,
                      const std::string& after_id, std::int32_t limit, absl::Time deadline,
                      Callback<IdentityPage> done) override;
  // Waits for the transactions that were writing when it was called, on a lane of its own: no
  // reader waits along.
  void LogEndPosition(absl::Time deadline, Callback<std::int64_t> done) override;

 private:
  pg::PipelineLane& LaneOf(std::uint64_t hash);

  std::vector<std::unique_ptr<pg::PipelineLane>> lanes_;
  pg::PipelineLane log_lane_;
};

}  // namespace tidemark::dataset

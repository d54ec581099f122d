#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "common/pg/options.h"
#include "common/pg/pipeline_lane.h"
#include "services/push/store/store.h"

namespace tidemark::push {

// Reads from PostgreSQL, each answer in one statement, on lanes of one connection each.
class PostgresReadStore final : public ReadStore {
 public:
  // `lanes` is at least 1.
  PostgresReadStore(const pg::ConnectOptions& options, int lanes,
                    const pg::PipelineLimits& limits = {});

  void Look(const DeviceKey& device, absl::Time deadline, Callback<Known> done) override;
  void List(const IdentityKey& identity, absl::Time deadline,
            Callback<std::vector<Device>> done) override;
  void Resolve(const std::vector<ChangedDataset>& datasets, absl::Time deadline,
               Callback<std::vector<std::vector<Target>>> done) override;

 private:
  pg::PipelineLane& NextLane();

  std::vector<std::unique_ptr<pg::PipelineLane>> lanes_;
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace tidemark::push

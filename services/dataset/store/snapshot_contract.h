#pragma once

#include <cstdint>
#include <vector>

#include "services/dataset/store/store_contract.h"

// What every store must do that reads whole datasets. A test program adds snapshot_contract.cc and
// store_contract.cc to its sources and instantiates SnapshotContract with a factory of its store.
namespace tidemark::dataset {

class SnapshotContract : public DatasetStoreContract {
 protected:
  static constexpr std::int64_t kRecordBytes = 2 + kRecordOverhead;  // of "k" with "v"

  // Five identities with two datasets each, but one was deleted; and one of another pool. In order.
  std::vector<DatasetKey> WriteSome();

  SnapshotPage Read(const SnapshotCursor& after, const SnapshotBounds& bounds,
                    const std::vector<LogShard>& shards = {});
  // All pages one after the other; of datasets with one live record each.
  std::vector<DatasetKey> ReadAll(const SnapshotBounds& bounds,
                                  const std::vector<LogShard>& shards = {});
  FoundSnapshots Get(const std::vector<DatasetKey>& datasets, std::int64_t max_bytes = kMiB);
};

}  // namespace tidemark::dataset

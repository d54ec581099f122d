#pragma once

#include "common/pools/pool_directory.h"
#include "services/dataset/rpc/pools.h"

namespace tidemark::dataset {

// Pools as the stream configuration service tells them.
class DirectoryPools final : public Pools {
 public:
  // `directory` outlives the object.
  explicit DirectoryPools(const pools::PoolDirectory& directory) : directory_(directory) {}

  absl::Status Ready() const override { return directory_.Ready(); }
  std::optional<PoolFacts> Find(std::string_view pool_id) const override;
  std::vector<std::string> List(std::string_view after, int limit) const override;

 private:
  const pools::PoolDirectory& directory_;
};

}  // namespace tidemark::dataset

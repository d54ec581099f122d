#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "common/pg/reconnector.h"
#include "services/publisher/store/orders.h"

namespace tidemark::publisher {

// Orders in the schema `publisher`.
class PostgresOrders final : public Orders {
 public:
  // Connects at the first call. The options' statement timeout bounds each statement.
  explicit PostgresOrders(const pg::ConnectOptions& options)
      : timeout_(options.statement_timeout), connections_(options) {}

  absl::StatusOr<Ordered> Read(const ShardSet& shards, const ParkedCursor& after,
                               int limit) override;
  absl::StatusOr<std::int64_t> CountParked(const ShardSet& shards) override;
  absl::StatusOr<std::set<std::int32_t>> Pools(const ShardSet& shards) override;
  absl::Status Forget(const std::set<std::int32_t>& pools, const ShardSet& shards) override;
  absl::Status Report(const std::string& member,
                      const std::vector<DestinationReport>& reports) override;

 private:
  const absl::Duration timeout_;
  pg::Reconnector connections_;
};

}  // namespace tidemark::publisher

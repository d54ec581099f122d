#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/pg/connections.h"
#include "common/pg/options.h"
#include "services/push/store/store.h"

namespace tidemark::push {

// Writes to PostgreSQL, each use case one statement in a transaction of its own. Errors also as
// pg::Connections.
class PostgresWriteStore final : public WriteStore {
 public:
  // At most `connections` statements run at once.
  PostgresWriteStore(pg::ConnectOptions options, int connections);

  // Whether the database answers and its schema is new enough.
  absl::Status Check(absl::Time deadline);

  absl::StatusOr<Registered> Register(const NewDevice& device, absl::Time deadline) override;
  absl::StatusOr<bool> SetSubscription(const DeviceKey& device, std::string_view dataset_name,
                                       bool subscribed, absl::Time deadline) override;
  absl::Status SubscribeToAll(const DeviceKey& device, absl::Time deadline) override;
  absl::StatusOr<std::string> Deregister(const DeviceKey& device, absl::Time deadline) override;
  absl::StatusOr<std::int64_t> Report(const std::vector<EndpointReport>& reports,
                                      absl::Time deadline) override;
  absl::StatusOr<std::vector<std::string>> ListPools(std::string_view after, std::int32_t limit,
                                                     absl::Time deadline) override;
  absl::StatusOr<std::int64_t> Erase(std::string_view pool_id, std::int32_t limit,
                                     absl::Time deadline) override;

 private:
  // A statement that may be run again: after a broken connection, or a wait for a lock that was too
  // long, it is.
  absl::StatusOr<pg::Result> Repeatable(const pg::Query& query, const pg::Params& params,
                                        absl::Time deadline);

  pg::Connections connections_;
};

}  // namespace tidemark::push

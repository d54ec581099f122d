#pragma once

#include "common/pg/query.h"
#include "common/pg/reconnector.h"
#include "services/publisher/store/parked_changes.h"

namespace tidemark::publisher {

// Parked changes in the schema `publisher`.
class PostgresParkedChanges final : public ParkedChanges {
 public:
  // Connects at the first call.
  explicit PostgresParkedChanges(const pg::ConnectOptions& options) : connections_(options) {}

  absl::StatusOr<ParkedPage> List(const std::string& pool_id, const ParkedCursor& after, int limit,
                                  absl::Time deadline) override;
  absl::StatusOr<std::int64_t> Replay(const std::string& pool_id,
                                      const std::vector<Position>& positions,
                                      absl::Time deadline) override;
  absl::StatusOr<std::int64_t> Discard(const std::string& pool_id,
                                       const std::vector<Position>& positions,
                                       absl::Time deadline) override;

 private:
  // `all` takes the pool, `some` also the positions.
  absl::StatusOr<std::int64_t> Change(const pg::Query& all, const pg::Query& some,
                                      const std::string& pool_id,
                                      const std::vector<Position>& positions, absl::Time deadline);

  pg::Reconnector connections_;
};

}  // namespace tidemark::publisher

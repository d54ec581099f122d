#pragma once

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

 private:
  pg::Reconnector connections_;
};

}  // namespace tidemark::publisher

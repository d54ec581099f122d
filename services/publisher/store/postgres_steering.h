#pragma once

#include "common/pg/reconnector.h"
#include "services/publisher/store/steering.h"

namespace tidemark::publisher {

// Steering in the schema `publisher`.
class PostgresSteering final : public Steering {
 public:
  // Connects at the first call.
  explicit PostgresSteering(const pg::ConnectOptions& options) : connections_(options) {}

  absl::StatusOr<Overview> Look(std::optional<std::int32_t> pool_number,
                                absl::Time deadline) override;
  absl::Status Pause(std::int32_t pool_number, const std::string& reason,
                     absl::Time deadline) override;
  absl::Status Resume(std::int32_t pool_number, absl::Time deadline) override;

 private:
  pg::Reconnector connections_;
};

}  // namespace tidemark::publisher

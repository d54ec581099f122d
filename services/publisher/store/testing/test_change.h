#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// A change for tests to write to the log, as the dataset service would.
struct TestChange {
  std::int32_t pool_number = 1;
  std::string pool_id = "us-east-1:0000";
  std::string identity_id = "us-east-1:0001";
  std::string dataset_name = "prefs";
  ChangeKind kind = ChangeKind::kUpdate;
  std::int64_t sync_count = 1;
  std::int64_t generation = 1;
  std::string traceparent;
  std::string device_id;
  std::vector<std::pair<std::string, std::optional<std::string>>> records = {{"key", "value"}};
};

// The row's body.
std::string BodyOf(const TestChange& change);

}  // namespace tidemark::publisher

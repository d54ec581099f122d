#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/publisher/domain/push.h"

namespace tidemark::publisher {

// Knows which devices are to be told: the push service. Safe for concurrent use. Callbacks run
// once, on any thread, perhaps before the call returns, and must not block.
class PushTargets {
 public:
  virtual ~PushTargets() = default;

  // The most that one call may ask or tell (push_service.proto).
  static constexpr std::size_t kMost = 1024;

  struct Dataset {
    std::string pool_id;
    std::string identity_id;
    std::string dataset_name;
    std::string writer;  // a device to leave out; may be empty
  };
  // For each dataset asked, in that order, its devices. Any error: try again.
  using Found = std::function<void(absl::StatusOr<std::vector<std::vector<PushTarget>>>)>;
  virtual void Find(const std::vector<Dataset>& datasets, Found done) = 0;

  // An endpoint that is of no use any more.
  struct Report {
    std::string pool_id;
    std::string identity_id;
    std::string device_id;
    std::int64_t registration = 0;
    bool gone = false;  // deleted; otherwise disabled
  };
  using Told = std::function<void(absl::Status)>;
  virtual void Tell(const std::vector<Report>& reports, Told done) = 0;
};

}  // namespace tidemark::publisher

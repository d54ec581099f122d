#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/push/domain/types.h"

// Where devices and their subscriptions are kept. Two implementations, PostgreSQL and memory, pass
// one contract suite. Every method is one use case and leaves nothing half done. Failures besides
// those named: UNAVAILABLE DATABASE_UNAVAILABLE, ABORTED CONCURRENT_CHANGE, DEADLINE_EXCEEDED,
// INTERNAL.
namespace tidemark::push {

// What is known of a device before it registers (again).
struct Known {
  struct Endpoint {
    std::string application_arn;
    std::string endpoint_arn;
  };
  std::optional<Endpoint> endpoint;  // nullopt: there is no such device
  std::size_t enabled = 0;           // devices of the identity whose endpoints are enabled
};

enum class Registered {
  kNew,
  kAgain,  // the device was known
  kMoved,  // its token was another identity's
};

// Reads, without waiting for anything that is written. Safe for concurrent use. Each method calls
// back once, on any thread, perhaps before it returns.
class ReadStore {
 public:
  template <typename T>
  using Callback = std::function<void(absl::StatusOr<T>)>;

  virtual ~ReadStore() = default;

  virtual void Look(const DeviceKey& device, absl::Time deadline, Callback<Known> done) = 0;

  // In order of id.
  virtual void List(const IdentityKey& identity, absl::Time deadline,
                    Callback<std::vector<Device>> done) = 0;

  // For each dataset, in that order, the devices to tell (in any order): subscribed to it, with
  // enabled endpoints, and not its writer. What is not known has none.
  virtual void Resolve(const std::vector<ChangedDataset>& datasets, absl::Time deadline,
                       Callback<std::vector<std::vector<Target>>> done) = 0;
};

// Writes. Safe for concurrent use. Methods block, no longer than until `deadline`.
class WriteStore {
 public:
  virtual ~WriteStore() = default;

  // Makes the device known, enabled, as the one that has the token in its pool and platform:
  // another identity's is forgotten. A device that is known keeps its subscriptions. LIMIT_EXCEEDED
  // `devices` if MakeRoom finds none; then nothing was changed.
  virtual absl::StatusOr<Registered> Register(const NewDevice& device, absl::Time deadline) = 0;

  // Subscribes a device to a dataset, or unsubscribes it. Whether that changed anything.
  // DEVICE_NOT_FOUND; LIMIT_EXCEEDED `dataset_names` if it would be one exception too many.
  virtual absl::StatusOr<bool> SetSubscription(const DeviceKey& device,
                                               std::string_view dataset_name, bool subscribed,
                                               absl::Time deadline) = 0;

  // To all datasets without exceptions. DEVICE_NOT_FOUND.
  virtual absl::Status SubscribeToAll(const DeviceKey& device, absl::Time deadline) = 0;

  // Forgets a device; the ARN of its endpoint. DEVICE_NOT_FOUND.
  virtual absl::StatusOr<std::string> Deregister(const DeviceKey& device, absl::Time deadline) = 0;

  // Notes what SNS says of endpoints, unless the device has registered since, or worse is known.
  // The number of devices that changed.
  virtual absl::StatusOr<std::int64_t> Report(const std::vector<EndpointReport>& reports,
                                              absl::Time deadline) = 0;

  // Pools with ids above `after` that have devices, in order of id (bytes), at most `limit`.
  virtual absl::StatusOr<std::vector<std::string>> ListPools(std::string_view after,
                                                             std::int32_t limit,
                                                             absl::Time deadline) = 0;

  // Forgets at most `limit` devices of a pool; how many. 0: none are left, or others are at it.
  virtual absl::StatusOr<std::int64_t> Erase(std::string_view pool_id, std::int32_t limit,
                                             absl::Time deadline) = 0;
};

}  // namespace tidemark::push

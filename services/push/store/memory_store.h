#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/push/store/store.h"

namespace tidemark::push {

// Keeps devices in memory: for tests of what stands above the store, and the model that the
// PostgreSQL store is held to.
class MemoryStore final : public ReadStore, public WriteStore {
 public:
  void Look(const DeviceKey& device, absl::Time deadline, Callback<Known> done) override;
  void List(const IdentityKey& identity, absl::Time deadline,
            Callback<std::vector<Device>> done) override;
  void Resolve(const std::vector<ChangedDataset>& datasets, absl::Time deadline,
               Callback<std::vector<std::vector<Target>>> done) override;

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
  struct Entry {
    Device device;
    std::string token_digest;
    std::string application_arn;
    Registration registration;
  };
  using Identity = std::pair<std::string, std::string>;  // pool, identity
  using Devices = std::map<std::string, Entry>;          // by id

  // These run under mutex_. Null if there is none.
  Entry* Find(const DeviceKey& device);
  static std::vector<Device> DevicesOf(const Devices& devices);
  // Forgets the device of another identity that has this token; whether there was one.
  bool Move(const NewDevice& device);
  std::vector<Target> TargetsOf(const ChangedDataset& dataset) const;

  std::mutex mutex_;
  std::map<Identity, Devices> devices_;
  std::int64_t last_registration_ = 0;
};

}  // namespace tidemark::push

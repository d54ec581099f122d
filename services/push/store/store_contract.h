#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "services/push/store/store.h"

// What every store of devices must do. A test program adds store_contract.cc and race_contract.cc
// to its sources and instantiates the suite with a factory of its store.
namespace tidemark::push {

// An empty store, seen by two replicas.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual ReadStore& reads() = 0;
  virtual WriteStore& writes() = 0;
  // Another view of the same devices.
  virtual WriteStore& replica() = 0;
};

using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>()>;

class StoreContract : public ::testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override { under_test_ = GetParam()(); }

  ReadStore& reads() { return under_test_->reads(); }
  WriteStore& writes() { return under_test_->writes(); }
  WriteStore& replica() { return under_test_->replica(); }

  // The identity NAME of the pool "r:1", or of another.
  static IdentityKey Who(const std::string& name = "r:a", const std::string& pool = "r:1");
  static NewDevice Wanted(const std::string& token, const IdentityKey& who = Who(),
                          Platform platform = Platform::kGcm);
  static absl::Time Deadline() { return absl::Now() + absl::Seconds(10); }

  // These expect success.
  DeviceKey Register(const std::string& token, const IdentityKey& who = Who(),
                     Platform platform = Platform::kGcm);
  std::vector<Device> List(const IdentityKey& who = Who());
  Device Only(const IdentityKey& who = Who());
  Known Look(const DeviceKey& device);
  std::vector<std::vector<Target>> Resolve(const std::vector<ChangedDataset>& datasets);
  // Ids of the devices that are told of a dataset of `who`, in order.
  std::vector<std::string> Told(const std::string& dataset, const std::string& writer = "",
                                const IdentityKey& who = Who());
  bool Subscribe(const DeviceKey& device, const std::string& dataset);
  bool Unsubscribe(const DeviceKey& device, const std::string& dataset);
  void SubscribeToAll(const DeviceKey& device);
  // Of the device's last registration.
  std::int64_t Report(const DeviceKey& device, EndpointState state);
  // As Resolve tells it; the device must be enabled and is then subscribed to `probe`.
  Registration RegistrationOf(const DeviceKey& device);

 private:
  std::unique_ptr<StoreUnderTest> under_test_;
};

}  // namespace tidemark::push

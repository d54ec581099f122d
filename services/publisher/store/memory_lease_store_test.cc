#include "services/publisher/store/memory_lease_store.h"

#include <gtest/gtest.h>

#include <memory>

#include "services/publisher/store/lease_store_contract.h"

namespace tidemark::publisher {
namespace {

class ManualClock final : public Clock {
 public:
  absl::Time Now() const override { return now_; }
  void Advance(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1000);
};

class MemoryLeases final : public LeasesUnderTest {
 public:
  LeaseStore& one() override { return store_; }
  LeaseStore& two() override { return store_; }
  ParkedChanges& parked() override { return steering_; }
  BulkStore& bulk() override { return store_; }
  void Expire(absl::Duration ttl) override { clock_.Advance(ttl + absl::Milliseconds(1)); }

 private:
  ManualClock clock_;
  MemorySteering steering_{clock_};
  MemoryLeaseStore store_{clock_, steering_};
};

INSTANTIATE_TEST_SUITE_P(Memory, LeaseStoreContract, ::testing::Values(LeasesFactory([] {
                           return std::make_unique<MemoryLeases>();
                         })));

}  // namespace
}  // namespace tidemark::publisher

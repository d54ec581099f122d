#include "services/publisher/store/memory_steering.h"

#include <gtest/gtest.h>

#include <memory>

#include "services/publisher/store/steering_contract.h"

namespace tidemark::publisher {
namespace {

class MemoryUnderTest final : public SteeringUnderTest {
 public:
  ParkedChanges& parked() override { return store_; }
  Steering& steering() override { return store_; }
  Orders& orders() override { return store_; }

  void Park(DestinationId destination, const ParkedEvent& event) override {
    store_.Park(destination, event);
  }
  void SetMember(const std::string& id, const ShardSet& shards, absl::Time expire_time) override {
    store_.SetMember(id, shards, expire_time);
  }
  void RemoveMember(const std::string& id) override { store_.RemoveMember(id); }
  void SetGapped(DestinationId destination, Position through) override {
    store_.SetGapped(destination, through);
  }

 private:
  MemorySteering store_{SystemClock()};
};

INSTANTIATE_TEST_SUITE_P(Memory, SteeringContract, ::testing::Values(SteeringFactory([] {
                           return std::make_unique<MemoryUnderTest>();
                         })));

}  // namespace
}  // namespace tidemark::publisher

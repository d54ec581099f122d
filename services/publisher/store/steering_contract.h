#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "services/publisher/store/orders.h"
#include "services/publisher/store/parked_changes.h"
#include "services/publisher/store/steering.h"

// What every store of steering must do. A test program adds steering_contract.cc to its sources and
// instantiates SteeringContract with a factory.
namespace tidemark::publisher {

// Nothing parked, nothing paused, nobody alive.
class SteeringUnderTest {
 public:
  virtual ~SteeringUnderTest() = default;
  virtual ParkedChanges& parked() = 0;
  virtual Steering& steering() = 0;
  virtual Orders& orders() = 0;

  // What happens elsewhere. A member that is there already gets other shards.
  virtual void Park(DestinationId destination, const ParkedEvent& event) = 0;
  virtual void SetMember(const std::string& id, const ShardSet& shards, absl::Time expire_time) = 0;
  virtual void RemoveMember(const std::string& id) = 0;
  virtual void SetGapped(DestinationId destination, Position through) = 0;
};

using SteeringFactory = std::function<std::unique_ptr<SteeringUnderTest>()>;

class SteeringContract : public ::testing::TestWithParam<SteeringFactory> {
 protected:
  void SetUp() override { store_ = GetParam()(); }

  void Park(DestinationId destination, Position position, int log_shard = 3);
  // All that is parked, as far as it fits a page.
  std::vector<StoredParkedChange> Parked(const std::string& pool_id = "");
  std::int64_t Replay(std::int32_t pool_number, const std::vector<Position>& positions);
  std::int64_t Discard(std::int32_t pool_number, const std::vector<Position>& positions);
  Ordered Read(const ShardSet& shards, const ParkedCursor& after = {}, int limit = 100);
  std::vector<Position> Replays(const ShardSet& shards, const ParkedCursor& after = {},
                                int limit = 100);
  Overview Look(std::optional<std::int32_t> pool_number = std::nullopt);

  std::unique_ptr<SteeringUnderTest> store_;
};

}  // namespace tidemark::publisher

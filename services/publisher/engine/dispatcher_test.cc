#include "services/publisher/engine/dispatcher.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "common/testing/eventually.h"
#include "services/publisher/engine/testing/dispatcher_fixture.h"

namespace tidemark::publisher {
namespace {

using testing::Eventually;

constexpr DestinationId kStream{1, 1};
constexpr absl::Duration kPatience = absl::Hours(1);

// One stream, of which one record is in flight at a time.
class DispatcherTest : public DispatcherFixture {
 protected:
  DispatcherTest() {
    dispatcher_.Add({.id = kStream, .pool_id = "pool", .stream_name = "stream"}, load_);
  }

  void Deliver(Position position) {
    Event event{.position = position, .key = std::to_string(position), .data = "data"};
    load_->Enter(event.memory_bytes(), clock_);
    std::vector<Routed> changes;
    changes.push_back({kStream, std::move(event)});
    dispatcher_.Deliver(std::move(changes));
  }

  bool IsInFlight() {
    return Eventually([this] { return sender_.waiting() == 1; });
  }

  const std::shared_ptr<OutletLoad> load_ = std::make_shared<OutletLoad>();
  Dispatcher dispatcher_{{.window = {.records_per_request = 1, .requests_in_flight = 1}}, Parts()};
};

TEST_F(DispatcherTest, TimeWithoutTheLeaseIsNotHeldAgainstAStream) {
  sender_.Hold(true);
  Deliver(1);
  Deliver(2);
  ASSERT_TRUE(IsInFlight());
  ASSERT_TRUE(
      Eventually([this] { return dispatcher_.report().waiting_since != absl::InfiniteFuture(); }));
  lease_.Drop();
  sender_.Hold(false);
  ASSERT_TRUE(Eventually([this] { return load_->changes() == 1; }));
  clock_.Advance(2 * kPatience);
  sender_.Hold(true);
  lease_.Extend(clock_.Now(), absl::Hours(100));
  ASSERT_TRUE(IsInFlight());
  EXPECT_FALSE(load_->StalledAsAWhole(clock_.Now(), kPatience));
  EXPECT_LT(clock_.Now() - dispatcher_.report().waiting_since, kPatience);
  clock_.Advance(2 * kPatience);
  EXPECT_TRUE(load_->StalledAsAWhole(clock_.Now(), kPatience)) << "it does not answer";
  sender_.Hold(false);
}

}  // namespace
}  // namespace tidemark::publisher

#include "services/publisher/engine/router.h"

#include <gtest/gtest.h>

#include "services/publisher/engine/testing/dispatcher_fixture.h"

namespace tidemark::publisher {
namespace {

constexpr DestinationId kStream{1, 1};
constexpr absl::Duration kLong = absl::Hours(1);  // longer than a key is waited for

// One stream that is live, with a change on its way.
class RouterTest : public DispatcherFixture {
 protected:
  RouterTest() {
    router_.Update({{.id = kStream, .pool_id = "pool", .stream_name = "stream"}}, true, 0);
    const CursorTracker::OnItsWay change{kStream, {1, LogShard(3)}};
    tracker_.Read({&change, 1}, 1);
    router_.Tend(1);
  }

  // Settled positions do not wait for it.
  bool IsApart() { return tracker_.Settled() == 1; }

  Dispatcher dispatcher_{{}, Parts()};
  Router router_{
      ShardSet().set(), {}, {tracker_, dispatcher_, losses_, lease_, metrics_, clock_, clock_}};
};

TEST_F(RouterTest, OneWhoseOldestChangeDoesNotGetOnIsApart) {
  EXPECT_FALSE(IsApart());
  clock_.Advance(kLong);
  router_.Tend(1);
  EXPECT_TRUE(IsApart());
}

TEST_F(RouterTest, TimeWithoutTheLeaseIsNotHeldAgainstAStream) {
  lease_.Drop();
  clock_.Advance(kLong);
  router_.Tend(1);
  lease_.Extend(clock_.Now(), absl::Hours(100));
  router_.Tend(1);
  EXPECT_FALSE(IsApart());
  clock_.Advance(kLong);
  router_.Tend(1);
  EXPECT_TRUE(IsApart());
}

}  // namespace
}  // namespace tidemark::publisher

#include "services/publisher/engine/router.h"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <atomic>
#include <cstdint>

#include "services/publisher/engine/testing/fake_record_store.h"
#include "services/publisher/engine/testing/fake_sender.h"
#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {
namespace {

constexpr DestinationId kStream{1, 1};
constexpr absl::Duration kLong = absl::Hours(1);  // longer than a key is waited for

// Stands still but for Advance(). Safe for concurrent use.
class StoppedClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(seconds_); }
  void Advance(absl::Duration by) { seconds_ += absl::ToInt64Seconds(by); }

 private:
  std::atomic<std::int64_t> seconds_ = 1'000'000;
};

// One stream that is live, with a change on its way.
class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    lease_.Extend(clock_.Now(), absl::Hours(100));
    router_.Update({{.id = kStream, .pool_id = "pool", .stream_name = "stream"}}, true, 0);
    const CursorTracker::OnItsWay change{kStream, {1, LogShard(3)}};
    tracker_.Read({&change, 1}, 1);
    router_.Tend(1);
  }

  // Settled positions do not wait for it.
  bool IsApart() { return tracker_.Settled() == 1; }

  StoppedClock clock_;
  LeaseGuard lease_{clock_};
  CursorTracker tracker_{ShardSet().set(), {}, 0};
  DeclaredLosses losses_;
  FakeNeighbours neighbours_;
  prometheus::Registry registry_;
  Metrics metrics_{registry_};
  CopyGuards guards_;
  CopyInbox copies_;
  FakeSender sender_;
  FakeRecordStore records_;
  Dispatcher dispatcher_{{},
                         {sender_, records_, tracker_, losses_, lease_, neighbours_, metrics_,
                          guards_, copies_, clock_, clock_, SystemRandom()}};
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

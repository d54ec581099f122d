#pragma once

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include "services/publisher/engine/dispatcher.h"
#include "services/publisher/engine/testing/fake_record_store.h"
#include "services/publisher/engine/testing/fake_sender.h"
#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {

// What a dispatcher runs on, with a lease on all log shards. A test has its dispatcher as a member.
class DispatcherFixture : public ::testing::Test {
 protected:
  DispatcherFixture() { lease_.Extend(clock_.Now(), absl::Hours(100)); }

  Dispatcher::Parts Parts() {
    return {sender_,  records_, tracker_, losses_, lease_, neighbours_,
            metrics_, guards_,  copies_,  clock_,  clock_, SystemRandom()};
  }

  MovableClock clock_;
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
};

}  // namespace tidemark::publisher

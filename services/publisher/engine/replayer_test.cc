#include "services/publisher/engine/replayer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tidemark::publisher {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = Replayer::End::Kind;

class ReplayerTest : public ::testing::Test {
 protected:
  struct Sending {
    DestinationId destination;
    std::string dataset;
    std::function<void(const Replayer::End&)> done;
  };

  static StoredParkedChange Parked(Position position, const std::string& dataset = "d",
                                   DestinationId destination = {1, 1}) {
    StoredParkedChange parked;
    parked.destination = destination;
    parked.event.position = position;
    parked.event.identity_id = "i";
    parked.event.change.dataset_name = dataset;
    parked.event.event_bytes = 17;
    return parked;
  }
  static DestinationConfig Config(DestinationId id = {1, 1}) { return {.id = id}; }

  void Begin(const std::vector<StoredParkedChange>& replays) { replayer_.Begin(replays, all_); }
  // What has ended, as it is stored.
  std::vector<ReplayOutcome> Store() {
    Progress progress;
    replayer_.Take(progress);
    replayer_.Confirm(progress);
    return progress.replays;
  }

  std::vector<DestinationConfig> all_ = {Config()};
  std::vector<Sending> sent_;
  Replayer replayer_{[this](const DestinationConfig& destination, const Replayer::Dataset& dataset,
                            auto done) {
    sent_.push_back({destination.id, dataset.identity_id + "/" + dataset.name, std::move(done)});
  }};
};

TEST_F(ReplayerTest, ADatasetIsSentOnceForAllItsParkedChanges) {
  Begin({Parked(1), Parked(2, "e"), Parked(3)});
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(sent_[0].dataset, "i/d");
  EXPECT_EQ(sent_[1].dataset, "i/e");
  sent_[0].done({});
  const auto outcomes = Store();
  ASSERT_THAT(outcomes, SizeIs(2));
  EXPECT_EQ(outcomes[0].change.position, 1);
  EXPECT_EQ(outcomes[1].change.position, 3);
  EXPECT_EQ(outcomes[1].refusal, std::nullopt);
}

TEST_F(ReplayerTest, AnUnreadableRowIsRefusedAtOnceAndOthersAreSent) {
  StoredParkedChange unreadable = Parked(1, "");
  unreadable.event.identity_id = "";
  Begin({unreadable, Parked(2)});
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(sent_[0].dataset, "i/d");
  const auto outcomes = Store();
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_EQ(outcomes[0].change.position, 1);
  EXPECT_THAT(outcomes[0].refusal.value_or(""), HasSubstr("can't be replayed"));
}

TEST_F(ReplayerTest, WhatIsUnderWayIsNotBegunAgainUntilItsOutcomeIsStored) {
  Begin({Parked(1)});
  Begin({Parked(1)});
  ASSERT_THAT(sent_, SizeIs(1));
  sent_[0].done({});
  Begin({Parked(1)});
  Progress progress;
  replayer_.Take(progress);
  replayer_.PutBack(progress);
  Begin({Parked(1)});
  EXPECT_THAT(sent_, SizeIs(1)) << "it could not be stored";
  EXPECT_THAT(Store(), SizeIs(1));
  EXPECT_THAT(Store(), IsEmpty());
  Begin({Parked(1)});
  EXPECT_THAT(sent_, SizeIs(2)) << "it was parked once more";
}

TEST_F(ReplayerTest, AChangeThatIsAskedForLaterWaitsForTheCopyUnderWay) {
  Begin({Parked(1)});
  Begin({Parked(1), Parked(2)});
  ASSERT_THAT(sent_, SizeIs(1)) << "the copy may have been read before change 2";
  sent_[0].done({});
  EXPECT_THAT(Store(), SizeIs(1));
  Begin({Parked(2)});
  EXPECT_THAT(sent_, SizeIs(2));
}

TEST_F(ReplayerTest, WhatIsRefusedAgainStaysWithTheNewReason) {
  Begin({Parked(1)});
  sent_[0].done({Kind::kRefused, "too large"});
  const auto outcomes = Store();
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_THAT(outcomes[0].refusal.value(), HasSubstr("too large"));
  EXPECT_EQ(outcomes[0].event_bytes, 17);
}

TEST_F(ReplayerTest, WhatIsGivenUpIsBegunAgain) {
  Begin({Parked(1)});
  sent_[0].done({Kind::kGivenUp});
  EXPECT_THAT(Store(), IsEmpty());
  Begin({Parked(1)});
  EXPECT_THAT(sent_, SizeIs(2));
}

TEST_F(ReplayerTest, ItGoesToTheStreamThatThePoolHasNow) {
  all_ = {Config({1, 5}), Config({2, 1})};
  Begin({Parked(1), Parked(2, "d", {1, 5}), Parked(3, "d", {2, 1}), Parked(4, "d", {3, 1})});
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(sent_[0].destination, (DestinationId{1, 5}));
  EXPECT_EQ(sent_[1].destination, (DestinationId{2, 1}));
  sent_[0].done({});
  const auto outcomes = Store();
  ASSERT_THAT(outcomes, SizeIs(2));
  EXPECT_EQ(outcomes[0].change.destination, (DestinationId{1, 1})) << "as it was parked";
}

TEST_F(ReplayerTest, WhileTheStreamIsOffOrPausedReplaysWait) {
  all_[0].enabled = false;
  Begin({Parked(1)});
  all_[0] = Config();
  all_[0].paused = true;
  Begin({Parked(1)});
  EXPECT_THAT(sent_, IsEmpty());
  all_[0].paused = false;
  Begin({Parked(1)});
  EXPECT_THAT(sent_, SizeIs(1));
}

TEST_F(ReplayerTest, CopiesUnderWayAreBounded) {
  std::vector<StoredParkedChange> replays;
  for (int i = 1; i <= 300; ++i) replays.push_back(Parked(i, "d" + std::to_string(i)));
  Begin(replays);
  ASSERT_THAT(sent_, SizeIs(256));
  for (int i = 0; i < 10; ++i) sent_[static_cast<std::size_t>(i)].done({});
  EXPECT_THAT(Store(), SizeIs(10));
  replays.erase(replays.begin(), replays.begin() + 10);
  Begin(replays);
  EXPECT_THAT(sent_, SizeIs(266));
}

TEST(ReplayerLifetimeTest, AnAnswerMayComeWhenItIsGone) {
  std::function<void(const Replayer::End&)> done;
  {
    Replayer replayer([&](const DestinationConfig&, const Replayer::Dataset&, auto callback) {
      done = std::move(callback);
    });
    StoredParkedChange parked;
    parked.destination = {1, 1};
    parked.event.identity_id = "i";
    replayer.Begin({parked}, {DestinationConfig{.id = {1, 1}}});
  }
  done({});
}

}  // namespace
}  // namespace tidemark::publisher

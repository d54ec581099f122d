#include "services/publisher/engine/bulk_publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/publisher/engine/testing/publisher_fixture.h"

namespace tidemark::publisher {
namespace {

using testing::Eventually;
using ::testing::HasSubstr;

constexpr const char* kPool = "us-east-1:1";

class BulkPublisherTest : public PublisherFixture {
 protected:
  // A pool with datasets of many identities, each at count 1.
  void Fill(int datasets) {
    for (int i = 0; i < datasets; ++i) {
      snapshots_.Set(kPool, absl::StrCat("i", i), "d", 1);
      expected_.insert(absl::StrCat("i", i));
    }
  }

  void SetJob(BulkJob::State state, std::int64_t job = 1) {
    DestinationConfig config = Destination();
    config.bulk = BulkJob{job, state, absl::Now()};
    catalogue_.Replace({config});
  }

  // The identities of which a copy arrived, with how many.
  std::map<std::string, int> Copies() {
    std::map<std::string, int> copies;
    for (const FakeSender::Record& record : sender_.Arrived(StreamOf(1))) {
      if (record.data.starts_with("copy ")) ++copies[record.key];
    }
    return copies;
  }
  bool AllArrive() {
    return Eventually([this] {
      const auto copies = Copies();
      return std::all_of(expected_.begin(), expected_.end(),
                         [&copies](const auto& key) { return copies.contains(key); });
    });
  }
  bool Ends() {
    return Eventually([this] { return neighbours_.bulk() && neighbours_.bulk()->ended; });
  }
  // Time passes until the next report and the next retry.
  bool EndsInTime() {
    return Eventually([this] {
      boottime_.Advance(1);
      return neighbours_.bulk() && neighbours_.bulk()->ended;
    });
  }

  std::set<std::string> expected_;
};

TEST_F(BulkPublisherTest, EveryDatasetArrivesOnceAndTheEndIsTold) {
  Fill(100);
  SetJob(BulkJob::State::kRunning);
  const auto instance = Start();
  ASSERT_TRUE(AllArrive());
  ASSERT_TRUE(EndsInTime());
  EXPECT_EQ(Copies().size(), 100U);
  for (const auto& [key, times] : Copies()) EXPECT_EQ(times, 1) << key;
  const BulkReport report = *neighbours_.bulk();
  EXPECT_EQ(report.counts.datasets, 100);
  EXPECT_EQ(report.counts.failed, 0);
  EXPECT_GT(report.counts.bytes, 100);
  EXPECT_EQ(report.total, 100);
  EXPECT_FALSE(report.failure);
  SetJob(BulkJob::State::kSucceeded);
  EXPECT_TRUE(Eventually([this] { return leases_.Load(1, 1)->empty(); })) << "it is forgotten";
}

TEST_F(BulkPublisherTest, APoolWithoutDatasetsIsDoneAtOnce) {
  SetJob(BulkJob::State::kRunning);
  const auto instance = Start();
  EXPECT_TRUE(EndsInTime());
  EXPECT_EQ(neighbours_.bulk()->counts.datasets, 0);
}

TEST_F(BulkPublisherTest, ACopyThatAChangePrecededIsReadAgain) {
  Fill(3);
  snapshots_.SetHook("i1", [&] {  // a change after the page was read, in line before its copies are
    snapshots_.Set(kPool, "i1", "d", 2);
    TestChange change = Change("i1");
    change.dataset_name = "d";
    change.sync_count = 2;
    Write(change);
    ASSERT_TRUE(Arrives());
  });
  SetJob(BulkJob::State::kRunning);
  const auto instance = Start();
  ASSERT_TRUE(AllArrive());
  for (const FakeSender::Record& record : sender_.Arrived(StreamOf(1))) {
    EXPECT_NE(record.key == "i1" ? record.data : "", "copy d 1") << "stale";
  }
  EXPECT_GE(snapshots_.gets(), 1);
}

TEST_F(BulkPublisherTest, ADatasetThatIsDeletedMeanwhileCountsAsDone) {
  Fill(3);
  snapshots_.SetHook("i1", [&] {
    snapshots_.Delete(kPool, "i1", "d");
    TestChange change = Change("i1");
    change.dataset_name = "d";
    change.kind = ChangeKind::kDelete;
    change.sync_count = 2;
    change.records.clear();
    Write(change);
    ASSERT_TRUE(Arrives());
  });
  SetJob(BulkJob::State::kRunning);
  const auto instance = Start();
  ASSERT_TRUE(EndsInTime());
  EXPECT_EQ(neighbours_.bulk()->counts.datasets, 3);
  EXPECT_FALSE(Copies().contains("i1"));
}

TEST_F(BulkPublisherTest, GoesOnWhereACrashLeftIt) {
  Fill(200);
  SetJob(BulkJob::State::kRunning);
  std::size_t lives = 0;
  for (std::size_t arrived = 20; arrived < 200; arrived += 40, ++lives) {
    auto instance = Start();
    ASSERT_TRUE(Eventually([&] {
      boottime_.Advance(1);
      return Copies().size() >= arrived;
    }));
    leases_.SetFailure(absl::UnavailableError("no database"));  // the crash stores nothing more
    instance.reset();
    leases_.Expire();
    leases_.SetFailure(absl::OkStatus());
  }
  const auto instance = Start();
  ASSERT_TRUE(AllArrive());
  ASSERT_TRUE(EndsInTime());
  EXPECT_EQ(neighbours_.bulk()->counts.datasets, 200) << "each counted once";
}

TEST_F(BulkPublisherTest, AnOrderlyStopRepeatsNothing) {
  Fill(100);
  SetJob(BulkJob::State::kRunning);
  snapshots_.SetPageSize(3);
  auto instance = Start();
  ASSERT_TRUE(Eventually([&] { return Copies().size() >= 10; }));
  instance.reset();
  instance = Start();
  ASSERT_TRUE(AllArrive());
  for (const auto& [key, times] : Copies()) EXPECT_EQ(times, 1) << key;
}

TEST_F(BulkPublisherTest, GoesOnWhileShardsMove) {
  settings_.lease_ttl = absl::Milliseconds(400);
  Fill(500);
  SetJob(BulkJob::State::kRunning);
  snapshots_.SetPageSize(5);
  const auto first = Start();
  ASSERT_TRUE(Eventually([&] { return Copies().size() >= 20; }));
  auto second = Start();
  ASSERT_TRUE(Eventually([&] { return second->publisher.View().log_shards_held == 128; }));
  second.reset();
  const auto third = Start();
  ASSERT_TRUE(AllArrive());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(neighbours_.bulk()->counts.datasets, 500);
}

TEST_F(BulkPublisherTest, StopsWhenTheStreamIsTurnedOffOrReplaced) {
  Fill(5'000);
  snapshots_.SetPageSize(500);
  SetJob(BulkJob::State::kRunning);
  sender_.Hold(true);
  const auto instance = Start();
  ASSERT_TRUE(Eventually([this] { return sender_.waiting() > 0; }));
  DestinationConfig off = Destination();
  off.enabled = false;
  off.bulk = BulkJob{1, BulkJob::State::kFailed, absl::Now()};
  catalogue_.Replace({off});
  ASSERT_TRUE(Eventually([this] { return leases_.state().destinations[kDestination].retired; }));
  sender_.Hold(false);
  const std::int64_t pages = snapshots_.pages() + 2;  // they may be on their way
  boottime_.Advance(10);
  DestinationConfig next = Destination(1, 2);
  catalogue_.Replace({next});
  Write(Change("live"));
  ASSERT_TRUE(Arrives());
  EXPECT_LE(snapshots_.pages(), pages);
  EXPECT_LT(Copies().size(), 3'000U) << "what was in flight";
  EXPECT_FALSE(neighbours_.bulk() && neighbours_.bulk()->ended);
}

TEST_F(BulkPublisherTest, APoolThatIsDeletedMeanwhileIsForgottenAndDelaysNoOther) {
  Fill(5'000);
  snapshots_.SetPageSize(500);
  sender_.SetJudge([this](const std::string& stream, const auto& records) {
    if (stream == StreamOf(1)) sender_.HoldStream(stream);  // after its first answer
    return FakeSender::Success(records);
  });
  DestinationConfig config = Destination();
  config.bulk = BulkJob{1, BulkJob::State::kRunning, absl::Now()};
  catalogue_.Replace({config, Destination(2)});
  const auto instance = Start();
  ASSERT_TRUE(Eventually([this] {
    boottime_.Advance(1);
    return sender_.waiting() > 0 && !leases_.Load(1, 1)->empty();
  }));
  catalogue_.Replace({Destination(2)});
  ASSERT_TRUE(Eventually([&] {
    return sender_.forgotten() == 1 && instance->Gauge("tidemark_publisher_bulk_jobs") == 0;
  })) << "it knows";
  const std::size_t requests = sender_.requests();
  const std::int64_t pages = snapshots_.pages();
  Write(Change("live", 2));
  ASSERT_TRUE(Arrives(2)) << "though the other stream does not answer";
  EXPECT_GT(instance->Gauge("tidemark_publisher_requests_in_flight"), 0);
  sender_.SetJudge({});
  sender_.HoldStream("");
  EXPECT_TRUE(Eventually([&] {
    return instance->Gauge("tidemark_publisher_queued_bytes") == 0 &&
           instance->Gauge("tidemark_publisher_requests_in_flight") == 0 &&
           instance->publisher.CheckLease().ok() && instance->publisher.CheckProgress().ok();
  }));
  EXPECT_EQ(sender_.requests(), requests + 1) << "that of the other pool";
  EXPECT_EQ(snapshots_.pages(), pages);
  EXPECT_TRUE(Eventually([this] {
    boottime_.Advance(1);
    return leases_.Load(1, 1)->empty() && !leases_.state().destinations.contains(kDestination);
  })) << "how far it was";
}

TEST_F(BulkPublisherTest, WaitsWhileTheDestinationIsPaused) {
  Fill(10);
  DestinationConfig config = Destination();
  config.paused = true;
  config.bulk = BulkJob{1, BulkJob::State::kRunning, absl::Now()};
  catalogue_.Replace({config});
  const auto instance = Start();
  ASSERT_TRUE(Eventually([this] { return neighbours_.bulk().has_value(); })) << "it has begun";
  EXPECT_EQ(snapshots_.pages(), 0);
  SetJob(BulkJob::State::kRunning);
  EXPECT_TRUE(AllArrive());
}

TEST_F(BulkPublisherTest, WhatTheStreamRefusesForGoodIsCountedAndNamed) {
  Fill(10);
  sender_.SetJudge([](const std::string&, const std::vector<FakeSender::Record>& records) {
    FakeSender::Verdict verdict = FakeSender::Success(records);
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (records[i].key == "i3") verdict.result.records[i] = {Fault::kRefused, "too ugly"};
    }
    return verdict;
  });
  SetJob(BulkJob::State::kRunning);
  const auto instance = Start();
  ASSERT_TRUE(EndsInTime());
  const BulkReport report = *neighbours_.bulk();
  EXPECT_EQ(report.counts.failed, 1);
  EXPECT_EQ(report.counts.datasets, 10);
  EXPECT_THAT(report.failure_message, HasSubstr("1 of 10 datasets"));
  EXPECT_THAT(report.failure_message, HasSubstr("d of i3"));
  EXPECT_THAT(report.failure_message, HasSubstr("too ugly"));
}

TEST_F(BulkPublisherTest, ALongErrorIsCutBetweenCharacters) {
  Fill(1);
  std::string error = "!";
  for (int i = 0; i < 400; ++i) error += "\u00e9";
  sender_.SetJudge([&error](const std::string&, const std::vector<FakeSender::Record>& records) {
    FakeSender::Verdict verdict = FakeSender::Success(records);
    for (RecordResult& record : verdict.result.records) record = {Fault::kRefused, error};
    return verdict;
  });
  SetJob(BulkJob::State::kRunning);
  const auto instance = Start();
  ASSERT_TRUE(EndsInTime());
  const std::string message = neighbours_.bulk()->failure_message;
  EXPECT_LT(message.size(), 700U);
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '\xc3') {
      EXPECT_EQ(message.substr(i, 2), "\u00e9") << "a whole character";
    }
  }
}

TEST_F(BulkPublisherTest, WaitsForTheDatasetService) {
  Fill(10);
  snapshots_.SetFailure(absl::UnavailableError("it is away"));
  SetJob(BulkJob::State::kRunning);
  const auto instance = Start();
  ASSERT_TRUE(Eventually([this] { return snapshots_.pages() > 0; }));
  snapshots_.SetFailure(absl::OkStatus());
  ASSERT_TRUE(EndsInTime());
  EXPECT_EQ(Copies().size(), 10U);
}

TEST_F(BulkPublisherTest, CountsUntilTheTotalIsKnown) {
  Fill(10);
  snapshots_.SetFailure(absl::UnavailableError("it is away"));
  DestinationConfig config = Destination();
  config.paused = true;  // so that it does not end
  config.bulk = BulkJob{1, BulkJob::State::kRunning, absl::Now()};
  catalogue_.Replace({config});
  const auto instance = Start();
  ASSERT_TRUE(Eventually([this] { return neighbours_.bulk().has_value(); }));
  EXPECT_EQ(neighbours_.bulk()->total, 0);
  snapshots_.SetFailure(absl::OkStatus());
  EXPECT_TRUE(Eventually([this] {
    boottime_.Advance(1);
    return neighbours_.bulk()->total == 10;
  }));
}

TEST_F(BulkPublisherTest, OfALargePoolOnlyAFewPagesAreHeld) {
  Fill(20'000);
  snapshots_.SetPageSize(500);
  sender_.Hold(true);
  SetJob(BulkJob::State::kRunning);
  const auto instance = Start();
  ASSERT_TRUE(Eventually([this] { return snapshots_.pages() >= 4; }));
  Write(Change("live"));
  ASSERT_TRUE(Eventually([this] { return sender_.waiting() >= 4; }));
  EXPECT_LE(snapshots_.pages(), 6) << "fewer than 2,000 copies in line, and three pages to come";
  sender_.Hold(false);
  ASSERT_TRUE(AllArrive());
}

TEST_F(BulkPublisherTest, TwoPagesAreReadAtATime) {
  Fill(100);
  snapshots_.HoldPages();
  SetJob(BulkJob::State::kRunning);
  const auto instance = Start();
  do {
    ASSERT_TRUE(Eventually([this] { return snapshots_.held() == 2; }));
    snapshots_.Release();
  } while (snapshots_.pages() < 6);
  EXPECT_TRUE(Eventually([this] {
    snapshots_.Release();
    return Copies().size() == expected_.size();
  }));
  for (const auto& [key, times] : Copies()) EXPECT_EQ(times, 1) << key;
}

TEST_F(BulkPublisherTest, OfManyPoolsEachHasAPageAndOnlyOneASecond) {
  std::vector<DestinationConfig> configs;
  for (const std::int32_t pool : {1, 2, 3}) {
    for (int i = 0; i < 60; ++i) {
      snapshots_.Set(absl::StrCat("us-east-1:", pool), absl::StrCat("i", i), "d", 1);
    }
    DestinationConfig& config = configs.emplace_back(Destination(pool));
    config.bulk = BulkJob{1, BulkJob::State::kRunning, absl::Now()};
  }
  snapshots_.HoldPages();
  catalogue_.Replace(configs);
  const auto instance = Start();
  do {
    ASSERT_TRUE(Eventually([this] { return snapshots_.held() >= 3; }));
    snapshots_.Release();
  } while (snapshots_.pages() < 12);
  EXPECT_LE(snapshots_.most_held(), 4U);
}

TEST_F(BulkPublisherTest, BesideChangesOnePageIsReadAtATime) {
  Fill(30);
  catalogue_.Replace({Destination()});
  const auto instance = Start();
  Write(Change("live"));
  ASSERT_TRUE(Arrives());
  snapshots_.HoldPages();
  SetJob(BulkJob::State::kRunning);
  absl::Time changed = absl::InfinitePast();
  EXPECT_TRUE(Eventually([&] {
    const std::size_t held = snapshots_.held();
    // After a second without a change they flow no more.
    const bool flows = absl::Now() - changed < absl::Milliseconds(900);
    EXPECT_LE(held, flows ? 1U : 2U);
    changed = absl::Now();
    Write(Change("live"));
    EXPECT_TRUE(Arrives());
    snapshots_.Release();
    return Copies().size() == expected_.size();
  }));
}

TEST_F(BulkPublisherTest, CopiesAreNoChanges) {
  Fill(50);
  SetJob(BulkJob::State::kRunning);
  sender_.Hold(true);
  const auto instance = Start();
  ASSERT_TRUE(Eventually([this] { return sender_.waiting() > 0; }));
  const auto destinations = instance->publisher.View().destinations;
  ASSERT_EQ(destinations.size(), 1U);
  EXPECT_EQ(destinations[0].stats.waiting, 0);
  EXPECT_EQ(destinations[0].stats.oldest_commit, absl::InfiniteFuture());
  sender_.Hold(false);
  ASSERT_TRUE(AllArrive());
}

TEST_F(BulkPublisherTest, ASuccessThatBeganAfterALossEndsIt) {
  log_.Write(Change("a"));
  log_.Empty(1);
  leases_.SetEmptiedThrough(1);
  const auto instance = Start();
  // Both know when it was noticed: the job must have begun after that.
  ASSERT_TRUE(Eventually([&] {
    return leases_.state().destinations[kDestination].gapped_through == 1 &&
           instance->publisher.View().destinations.at(0).gapped_through == 1;
  }));
  SetJob(BulkJob::State::kSucceeded);
  EXPECT_TRUE(Eventually([&] {
    return leases_.state().destinations[kDestination].gapped_through == 0 &&
           instance->publisher.View().destinations.at(0).gapped_through == 0;
  }));
}

}  // namespace
}  // namespace tidemark::publisher

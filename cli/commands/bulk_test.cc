#include <algorithm>

#include "cli/commands/bulk_rate.h"
#include "cli/testing/cli_fixture.h"

namespace tidemark::cli {
namespace {

namespace v1 = stream_config::v1;
using ::testing::AllOf;
using testing::At;
using ::testing::HasSubstr;
using testing::kPool;
using ::testing::Not;
using testing::Outcome;

constexpr std::int64_t kStart = 1'800'000'000;

v1::BulkPublish Running(std::int64_t done, std::int64_t seconds) {
  v1::BulkPublish bulk;
  bulk.set_job(2);
  bulk.set_epoch(5);
  bulk.set_state(v1::BULK_PUBLISH_STATE_IN_PROGRESS);
  *bulk.mutable_start_time() = At(kStart);
  bulk.mutable_progress()->set_datasets_done(done);
  bulk.mutable_progress()->set_datasets_total(1000);
  bulk.mutable_progress()->set_bytes_sent(done * 2048);
  *bulk.mutable_progress()->mutable_update_time() = At(kStart + seconds);
  return bulk;
}

v1::BulkPublish Ended(v1::BulkPublishState state) {
  v1::BulkPublish bulk = Running(1000, 20);
  bulk.set_state(state);
  *bulk.mutable_complete_time() = At(kStart + 20);
  return bulk;
}

class BulkTest : public testing::CliTest {
 protected:
  // GetBulkPublish answers these in turn, then the last one for ever.
  void AnswerInTurn(std::vector<v1::BulkPublish> states) {
    pools_.GetBulkPublishCalls.answer = [states](std::size_t n, const auto&, auto& response) {
      *response.mutable_bulk_publish() = states[std::min(n, states.size() - 1)];
      return grpc::Status::OK;
    };
  }
};

TEST(BulkRateTest, IsOverTheWholeTimeOrBetweenTwoStates) {
  const auto whole = RateOf(Running(250, 10));
  ASSERT_TRUE(whole);
  EXPECT_DOUBLE_EQ(whole->datasets_per_second, 25);
  EXPECT_DOUBLE_EQ(whole->bytes_per_second, 51'200);
  EXPECT_EQ(whole->remaining, absl::Seconds(30));
  const auto late = RateBetween(Running(250, 10), Running(450, 12));
  ASSERT_TRUE(late);
  EXPECT_DOUBLE_EQ(late->datasets_per_second, 100);
  EXPECT_EQ(late->remaining, absl::Seconds(5.5));
}

TEST(BulkRateTest, IsUnknownWithoutTimeOrFigures) {
  EXPECT_FALSE(RateOf(v1::BulkPublish()));
  EXPECT_FALSE(RateOf(Running(0, 0)));
  EXPECT_FALSE(RateBetween(Running(5, 10), Running(5, 10)));
  EXPECT_FALSE(RateOf(Running(0, 10))->remaining) << "nothing moves";
  EXPECT_FALSE(RateOf(Running(1200, 10))->remaining) << "more than were counted";
}

TEST(ProgressLineTest, SaysHowFarHowFastAndHowLongYet) {
  EXPECT_EQ(ProgressLine(Running(250, 10), RateOf(Running(250, 10))),
            "250 of 1000 datasets (25%), 25 datasets/s, 50.0 KiB/s, 30s left");
  v1::BulkPublish uncounted = Running(7, 1);
  uncounted.mutable_progress()->set_datasets_total(0);
  uncounted.mutable_progress()->set_datasets_failed(1);
  EXPECT_EQ(ProgressLine(uncounted, std::nullopt), "7 datasets, 1 failed");
}

TEST_F(BulkTest, StartShowsWhatHasBegun) {
  v1::StartBulkPublishResponse response;
  *response.mutable_bulk_publish() = Running(0, 0);
  pools_.StartBulkPublishCalls.Answer(response);
  const Outcome outcome = Tidemark({"bulk", "start", kPool, "--again"});
  EXPECT_EQ(outcome.exit_code, kDone);
  EXPECT_THAT(outcome.out, HasSubstr("state            in progress\n"));
  EXPECT_EQ(pools_.StartBulkPublishCalls.requests[0].identity_pool_id(), kPool);
  EXPECT_TRUE(pools_.StartBulkPublishCalls.requests[0].again());
  EXPECT_TRUE(pools_.GetBulkPublishCalls.requests.empty());
}

TEST_F(BulkTest, StatusShowsProgressAndRate) {
  AnswerInTurn({Running(250, 10)});
  EXPECT_EQ(Tidemark({"bulk", "status", kPool}).out,
            "state            in progress\n"
            "job              2\n"
            "epoch            5\n"
            "started          2027-01-15T08:00:00Z\n"
            "datasets done    250\n"
            "datasets total   1000\n"
            "datasets failed  0\n"
            "sent             500 KiB\n"
            "datasets/s       25.0\n"
            "bytes/s          50.0 KiB\n"
            "remaining        30s\n");
  const auto json = Tidemark({"bulk", "status", kPool, "-o", "json"}).json();
  EXPECT_EQ(json["progress"]["datasets_done"], 250);
  EXPECT_EQ(json["datasets_per_second"], 25.0);
  EXPECT_EQ(json["bytes_per_second"], 51'200.0);
  EXPECT_EQ(json["remaining_seconds"], 30.0);
}

TEST_F(BulkTest, StatusSaysWhatAPauseMakesItWaitFor) {
  AnswerInTurn({Running(250, 10)});
  publisher::v1::GetStatusResponse status;
  auto& destination = *status.add_destinations();
  destination.set_state(publisher::v1::DESTINATION_STATE_PAUSED);
  destination.set_pause_reason("mending the consumer");
  publisher_.GetStatusCalls.Answer(status);
  EXPECT_THAT(Tidemark({"bulk", "status", kPool}).out,
              HasSubstr("waits            the stream is paused until tidemark destination resume: "
                        "mending the consumer\n"));
  EXPECT_EQ(Tidemark({"bulk", "status", kPool, "-o", "json"}).json()["paused"], true);
  EXPECT_EQ(publisher_.GetStatusCalls.requests[0].identity_pool_id(), kPool);
  destination.set_state(publisher::v1::DESTINATION_STATE_ON);
  publisher_.GetStatusCalls.Answer(status);
  EXPECT_EQ(Tidemark({"bulk", "status", kPool, "-o", "json"}).json()["paused"], false);
  AnswerInTurn({Ended(v1::BULK_PUBLISH_STATE_SUCCEEDED)});
  EXPECT_TRUE(Tidemark({"bulk", "status", kPool, "-o", "json"}).json()["paused"].is_null());
}

TEST_F(BulkTest, StatusOfAPoolThatHadNoneSaysSo) {
  EXPECT_EQ(Tidemark({"bulk", "status", kPool}).out, "state  never asked for\n");
  const Outcome waited = Tidemark({"bulk", "status", kPool, "--wait"});
  EXPECT_EQ(waited.exit_code, kDone);
  EXPECT_EQ(slept_, absl::ZeroDuration());
}

TEST_F(BulkTest, StatusOfAFailedOneIsNoErrorUnlessItWasWaitedFor) {
  v1::BulkPublish failed = Ended(v1::BULK_PUBLISH_STATE_FAILED);
  failed.set_failure_message("The stream was turned off. Enable it.");
  AnswerInTurn({failed});
  const Outcome shown = Tidemark({"bulk", "status", kPool});
  EXPECT_EQ(shown.exit_code, kDone);
  EXPECT_THAT(shown.out, AllOf(HasSubstr("failure          The stream was turned off. Enable it."),
                               HasSubstr("ended            2027-01-15T08:00:20Z"),
                               Not(HasSubstr("remaining"))));
  const Outcome waited = Tidemark({"bulk", "status", kPool, "--wait"});
  EXPECT_EQ(waited.exit_code, kRefused);
  EXPECT_EQ(waited.out, shown.out);
  EXPECT_THAT(waited.err,
              HasSubstr("error: the bulk publish failed: The stream was turned off. Enable it."));
}

TEST_F(BulkTest, WaitShowsProgressUntilTheEnd) {
  v1::StartBulkPublishResponse response;
  *response.mutable_bulk_publish() = Running(0, 0);
  pools_.StartBulkPublishCalls.Answer(response);
  AnswerInTurn({Running(100, 10), Running(100, 10), Running(500, 12),
                Ended(v1::BULK_PUBLISH_STATE_SUCCEEDED)});
  terminal_ = true;
  const Outcome outcome = Tidemark({"bulk", "start", kPool, "--wait"});
  EXPECT_EQ(outcome.exit_code, kDone);
  EXPECT_THAT(outcome.out, HasSubstr("state            succeeded"));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("\r100 of 1000 datasets (10%), 10 datasets/s"),
                                 HasSubstr("\r500 of 1000 datasets (50%), 200 datasets/s")));
  EXPECT_EQ(slept_, absl::Seconds(4));
}

TEST_F(BulkTest, WithoutATerminalProgressIsALineNowAndThen) {
  AnswerInTurn(
      {Running(1, 1), Running(2, 2), Running(3, 3), Ended(v1::BULK_PUBLISH_STATE_SUCCEEDED)});
  const Outcome outcome = Tidemark({"bulk", "status", kPool, "--wait", "-o", "json"});
  EXPECT_EQ(outcome.json()["state"], "SUCCEEDED");
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("\r")));
}

TEST_F(BulkTest, WaitingOutlivesAnOutageOfTheService) {
  pools_.GetBulkPublishCalls.answer = [](std::size_t n, const auto&, auto& response) {
    if (n > 0 && n < 20) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "away");
    *response.mutable_bulk_publish() =
        n == 0 ? Running(1, 1) : Ended(v1::BULK_PUBLISH_STATE_SUCCEEDED);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Tidemark({"bulk", "status", kPool, "--wait"}).exit_code, kDone);
}

TEST_F(BulkTest, WaitingGivesUpAfterLongOutagesAndAtRefusals) {
  pools_.GetBulkPublishCalls.answer = [](std::size_t n, const auto&, auto& response) {
    if (n > 0) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "away");
    *response.mutable_bulk_publish() = Running(1, 1);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Tidemark({"bulk", "status", kPool, "--wait"}).exit_code, kUnreachable);
  EXPECT_EQ(pools_.GetBulkPublishCalls.requests.size(), 31);
  pools_.GetBulkPublishCalls.requests.clear();
  pools_.GetBulkPublishCalls.answer = [](std::size_t n, const auto&, auto& response) {
    if (n > 0) {
      return Refusal(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_POOL_NOT_FOUND, "gone");
    }
    *response.mutable_bulk_publish() = Running(1, 1);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Tidemark({"bulk", "status", kPool, "--wait"}).exit_code, kRefused);
  EXPECT_EQ(pools_.GetBulkPublishCalls.requests.size(), 2);
}

TEST_F(BulkTest, WaitingIsForOneBulkPublishAlone) {
  v1::BulkPublish next = Running(0, 0);
  next.set_job(3);
  AnswerInTurn({Running(1, 1), next});
  const Outcome outcome = Tidemark({"bulk", "status", kPool, "--wait"});
  EXPECT_EQ(outcome.exit_code, kRefused);
  EXPECT_THAT(outcome.err, HasSubstr("3 has begun"));
}

}  // namespace
}  // namespace tidemark::cli

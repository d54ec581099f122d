#include "services/stream_config/rpc/bulk_publish_rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "common/errors/error.h"
#include "common/errors/violations.h"
#include "services/stream_config/rpc/testing/rpc_fixture.h"

namespace tidemark::stream_config {
namespace {

using errors::ReasonOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class BulkPublishRpcTest : public StreamConfigRpcTest {
 protected:
  void SetUp() override {
    Make();
    SetStream(Stream());
  }

  static v1::ReportBulkPublishRequest ReportOf(std::int64_t job) {
    v1::ReportBulkPublishRequest request;
    request.set_identity_pool_id(kPool);
    request.set_job(job);
    return request;
  }
  absl::Status End(v1::BulkPublishState state, const std::string& failure_message = "") {
    v1::ReportBulkPublishRequest request = ReportOf(1);
    request.set_ended(state);
    request.set_failure_message(failure_message);
    return Report(request).status();
  }
  double Counted(const std::string& outcome) {
    for (const auto& family : registry_.Collect()) {
      if (family.name != "tidemark_stream_config_bulk_publishes_total") continue;
      for (const auto& metric : family.metric) {
        if (metric.label.at(0).value == outcome) return metric.counter.value;
      }
    }
    return -1;
  }
};

TEST_F(BulkPublishRpcTest, BeginsAndEnds) {
  EXPECT_EQ(Bulk().SerializeAsString(), "");
  const auto started = Start();
  ASSERT_TRUE(started.ok()) << started.status();
  const v1::BulkPublish& bulk = started->bulk_publish();
  EXPECT_EQ(bulk.job(), 1);
  EXPECT_EQ(bulk.state(), v1::BULK_PUBLISH_STATE_IN_PROGRESS);
  EXPECT_EQ(bulk.epoch(), 1);
  EXPECT_EQ(bulk.start_time().seconds(), 1'700'000'000);
  EXPECT_FALSE(bulk.has_complete_time());
  EXPECT_EQ(Get(kPool)->pool().bulk_publish().SerializeAsString(), bulk.SerializeAsString());

  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(End(v1::BULK_PUBLISH_STATE_SUCCEEDED).ok());
  EXPECT_EQ(Bulk().state(), v1::BULK_PUBLISH_STATE_SUCCEEDED);
  EXPECT_EQ(Bulk().complete_time().seconds(), 1'700'000'060);
  EXPECT_EQ(ReasonOf(Start().status()), errors::v1::ERROR_REASON_BULK_PUBLISH_RECENT);
  EXPECT_EQ(Start(kPool, /*again=*/true)->bulk_publish().job(), 2);
  EXPECT_EQ(ReasonOf(Start(kPool, true).status()), errors::v1::ERROR_REASON_BULK_PUBLISH_RUNNING);
  EXPECT_EQ(Counted("started"), 2);
  EXPECT_EQ(Counted("succeeded"), 1);
}

TEST_F(BulkPublishRpcTest, ADayAfterASuccessItMayBeginAgain) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(End(v1::BULK_PUBLISH_STATE_SUCCEEDED).ok());
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Start()->bulk_publish().job(), 2);
}

TEST_F(BulkPublishRpcTest, AFailureSaysWhyAndMayBeRetriedAtOnce) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(End(v1::BULK_PUBLISH_STATE_FAILED, "3 datasets were refused").ok());
  EXPECT_EQ(Bulk().state(), v1::BULK_PUBLISH_STATE_FAILED);
  EXPECT_EQ(Bulk().failure_message(), "3 datasets were refused");
  EXPECT_EQ(Counted("failed"), 1);
  EXPECT_EQ(Start()->bulk_publish().job(), 2);
}

TEST_F(BulkPublishRpcTest, ProgressIsToldAndNeverGoesBack) {
  ASSERT_TRUE(Start().ok());
  const std::string pool = Get(kPool)->pool().SerializeAsString();
  v1::ReportBulkPublishRequest request = ReportOf(1);
  request.mutable_progress()->set_datasets_done(5);
  request.mutable_progress()->set_datasets_total(10);
  request.mutable_progress()->set_datasets_failed(1);
  request.mutable_progress()->set_bytes_sent(4096);
  request.mutable_progress()->mutable_update_time()->set_seconds(1);
  ASSERT_TRUE(Report(request).ok());
  request.mutable_progress()->set_datasets_done(4);
  ASSERT_TRUE(Report(request).ok());
  const v1::BulkPublishProgress progress = Bulk().progress();
  EXPECT_EQ(progress.datasets_done(), 5);
  EXPECT_EQ(progress.datasets_total(), 10);
  EXPECT_EQ(progress.datasets_failed(), 1);
  EXPECT_EQ(progress.bytes_sent(), 4096);
  EXPECT_EQ(progress.update_time().seconds(), 1'700'000'000);
  EXPECT_EQ(Get(kPool)->pool().SerializeAsString(), pool);
}

TEST_F(BulkPublishRpcTest, TheLastReportBringsItsFigures) {
  ASSERT_TRUE(Start().ok());
  v1::ReportBulkPublishRequest request = ReportOf(1);
  request.mutable_progress()->set_datasets_done(7);
  request.set_ended(v1::BULK_PUBLISH_STATE_SUCCEEDED);
  ASSERT_TRUE(Report(request).ok());
  request.mutable_progress()->set_datasets_done(9);
  ASSERT_TRUE(Report(request).ok());  // late
  EXPECT_EQ(Bulk().progress().datasets_done(), 7);
}

TEST_F(BulkPublishRpcTest, WhatEndsTheEpochFailsIt) {
  ASSERT_TRUE(Start().ok());
  v1::DisableStreamRequest off;
  off.set_identity_pool_id(kPool);
  off.set_epoch(1);
  off.set_reason("the stream is gone; create it");
  const auto disabled = Disable(off);
  ASSERT_TRUE(disabled.ok()) << disabled.status();
  EXPECT_EQ(disabled->pool().bulk_publish().state(), v1::BULK_PUBLISH_STATE_FAILED);
  EXPECT_THAT(Bulk().failure_message(), HasSubstr("the stream is gone; create it"));
  EXPECT_EQ(ReasonOf(Start().status()), errors::v1::ERROR_REASON_STREAM_DISABLED);
  EXPECT_EQ(Counted("failed"), 1);
  // The publishers' word comes too late.
  ASSERT_TRUE(End(v1::BULK_PUBLISH_STATE_SUCCEEDED).ok());
  EXPECT_EQ(Bulk().state(), v1::BULK_PUBLISH_STATE_FAILED);
}

TEST_F(BulkPublishRpcTest, PoolsThatAreGoneOrHaveNoStreamAreNamed) {
  Make("r:1");
  EXPECT_EQ(ReasonOf(Start("r:1").status()), errors::v1::ERROR_REASON_STREAM_NOT_CONFIGURED);
  ASSERT_TRUE(Start().ok());
  v1::DeletePoolRequest request;
  request.set_identity_pool_id(kPool);
  ASSERT_TRUE(Delete(request).ok());
  EXPECT_EQ(ReasonOf(Start().status()), errors::v1::ERROR_REASON_POOL_NOT_FOUND);
  EXPECT_EQ(ReasonOf(End(v1::BULK_PUBLISH_STATE_SUCCEEDED)),
            errors::v1::ERROR_REASON_POOL_NOT_FOUND);
  v1::GetBulkPublishRequest get;
  get.set_identity_pool_id(kPool);
  EXPECT_EQ(ReasonOf(Call(&Stub::GetBulkPublish, get).status()),
            errors::v1::ERROR_REASON_POOL_NOT_FOUND);
}

TEST_F(BulkPublishRpcTest, BadReportsNameTheirFields) {
  ASSERT_TRUE(Start().ok());
  const auto bad = [this](const std::function<void(v1::ReportBulkPublishRequest&)>& spoil) {
    v1::ReportBulkPublishRequest request = ReportOf(1);
    spoil(request);
    std::vector<std::string> fields;
    for (const auto& violation : errors::ViolationsOf(Report(request).status())) {
      fields.push_back(violation.field);
    }
    return fields;
  };
  EXPECT_THAT(bad([](auto& r) { r.set_identity_pool_id("x"); }), ElementsAre("identity_pool_id"));
  EXPECT_THAT(bad([](auto& r) { r.set_job(0); }), ElementsAre("job"));
  EXPECT_THAT(bad([](auto& r) {
                r.mutable_progress()->set_datasets_done(-1);
                r.mutable_progress()->set_datasets_total(-1);
                r.mutable_progress()->set_datasets_failed(-1);
                r.mutable_progress()->set_bytes_sent(-1);
              }),
              ElementsAre("progress.datasets_done", "progress.datasets_total",
                          "progress.datasets_failed", "progress.bytes_sent"));
  for (const int state : {1, 4, -1}) {
    EXPECT_THAT(bad([&](auto& r) { r.set_ended(static_cast<v1::BulkPublishState>(state)); }),
                ElementsAre("ended"));
  }
  EXPECT_THAT(bad([](auto& r) { r.set_ended(v1::BULK_PUBLISH_STATE_FAILED); }),
              ElementsAre("failure_message"));
  EXPECT_THAT(bad([](auto& r) {
                r.set_ended(v1::BULK_PUBLISH_STATE_FAILED);
                r.set_failure_message(std::string(1025, 'x'));
              }),
              ElementsAre("failure_message"));
  EXPECT_THAT(bad([](auto& r) {
                r.set_ended(v1::BULK_PUBLISH_STATE_SUCCEEDED);
                r.set_failure_message("x");
              }),
              ElementsAre("failure_message"));
  EXPECT_EQ(Bulk().state(), v1::BULK_PUBLISH_STATE_IN_PROGRESS);
}

TEST_F(BulkPublishRpcTest, OnlyDevelopersMay) {
  caller_ = "identity";
  EXPECT_EQ(ReasonOf(Start().status()), errors::v1::ERROR_REASON_NOT_AUTHORIZED);
  EXPECT_EQ(ReasonOf(Report(ReportOf(1)).status()), errors::v1::ERROR_REASON_NOT_AUTHORIZED);
  EXPECT_EQ(ReasonOf(Call(&Stub::GetBulkPublish, v1::GetBulkPublishRequest()).status()),
            errors::v1::ERROR_REASON_NOT_AUTHORIZED);
}

}  // namespace
}  // namespace tidemark::stream_config

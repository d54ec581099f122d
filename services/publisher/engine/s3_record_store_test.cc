#include "services/publisher/engine/s3_record_store.h"

#include <gmock/gmock.h>

#include "common/obs/metrics.h"
#include "common/testing/fake_aws/fake_aws.h"
#include "services/publisher/domain/record_object.h"
#include "services/publisher/engine/testing/s3_fixture.h"

namespace tidemark::publisher {
namespace {

using fake_aws::FakeAws;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using AwsFault = fake_aws::Fault;

class S3RecordStoreTest : public S3Fixture {
 protected:
  void SetUp() override {
    fake_ = FakeAws::Start({}).value();
    fake_->s3().CreateBucket("events");
    Start(fake_->Url(), "events");
  }

  double Puts(const std::string& outcome) {
    return obs::Counter(*registry_, "tidemark_publisher_s3_puts_total", "", {{"outcome", outcome}})
        .Value();
  }

  // What becomes of a put that meets `fault`.
  RecordStore::Stored StoreMeeting(AwsFault fault) {
    fault.service = "s3";
    fake_->faults().Add(std::move(fault));
    return Store(MakeEvent(1, "value"));
  }
  Fault FaultMeeting(int status, std::string code) {
    return StoreMeeting({.status = status, .code = std::move(code), .message = "no"}).fault;
  }

  std::unique_ptr<FakeAws> fake_;
};

TEST_F(S3RecordStoreTest, StoresTheBareArrayUnderItsNameAndGivesItsUrl) {
  const Event event = MakeEvent(7, std::string(2'000'000, 'v'));
  const RecordStore::Stored stored = Store(event);
  ASSERT_EQ(stored.fault, Fault::kNone) << stored.error;
  EXPECT_EQ(stored.good_for, absl::Hours(24) / 10);
  const auto objects = fake_->s3().Objects("events");
  ASSERT_THAT(objects, SizeIs(1));
  EXPECT_EQ(objects.begin()->first, "records/" + RecordObjectName(ring_.Current().secret.Reveal(),
                                                                  kPool, event.key, event.change));
  EXPECT_EQ(objects.begin()->second.body, event.records_json());
  EXPECT_EQ(Fetch(stored.url), event.records_json());
  EXPECT_EQ(Puts("stored"), 1);
}

TEST_F(S3RecordStoreTest, ARepeatReplacesTheObjectAndACopyDoesNot) {
  Event event = MakeEvent(7, "one");
  ASSERT_EQ(Store(event).fault, Fault::kNone);
  ASSERT_EQ(Store(event).fault, Fault::kNone);
  EXPECT_THAT(fake_->s3().Objects("events"), SizeIs(1));
  event.change.kind = ChangeKind::kSnapshot;
  ASSERT_EQ(Store(event).fault, Fault::kNone);
  EXPECT_THAT(fake_->s3().Objects("events"), SizeIs(2));
}

TEST_F(S3RecordStoreTest, WhatIsStoredGetsANewUrlWithoutAnotherPut) {
  Event event = MakeEvent(7, "one");
  ASSERT_EQ(Store(event).fault, Fault::kNone);
  event.stored_until = absl::Now();
  const RecordStore::Stored again = Store(event);
  EXPECT_EQ(Fetch(again.url), event.records_json());
  EXPECT_EQ(fake_->CallsOf("s3.PutObject"), 1U);
}

TEST_F(S3RecordStoreTest, ErrorsSayWhatIsToBeDone) {
  EXPECT_EQ(FaultMeeting(503, "SlowDown"), Fault::kThrottled);
  EXPECT_EQ(FaultMeeting(503, "ServiceUnavailable"), Fault::kTransient);
  EXPECT_EQ(FaultMeeting(500, "InternalError"), Fault::kTransient);
  EXPECT_EQ(FaultMeeting(403, "AccessDenied"), Fault::kDenied);
  EXPECT_EQ(FaultMeeting(404, "NoSuchBucket"), Fault::kDenied);
  EXPECT_EQ(FaultMeeting(301, "PermanentRedirect"), Fault::kDenied);
  EXPECT_EQ(FaultMeeting(403, "InvalidAccessKeyId"), Fault::kCredentials);
  EXPECT_EQ(FaultMeeting(400, "EntityTooLarge"), Fault::kRefused);
  EXPECT_EQ(FaultMeeting(413, ""), Fault::kRefused);
  EXPECT_EQ(Puts("denied"), 3);
  EXPECT_EQ(Puts("refused"), 2);
  EXPECT_THAT(fake_->s3().Objects("events"), IsEmpty());
}

TEST_F(S3RecordStoreTest, ABucketThatDoesNotExistWaitsForAnOperator) {
  Configure({.bucket = "nowhere", .prefix = "records/", .encryption = {}});
  const RecordStore::Stored stored = Store(MakeEvent(1, "value"));
  EXPECT_EQ(stored.fault, Fault::kDenied);
  EXPECT_THAT(stored.error, AllOf(HasSubstr("NoSuchBucket"), Not(HasSubstr("X-Amz-"))));
}

TEST_F(S3RecordStoreTest, HangsBrokenConnectionsAndLostAnswersAreTriedAgain) {
  Configure({.bucket = "events",
             .prefix = "records/",
             .encryption = {},
             .timeout = absl::Milliseconds(300)});
  for (const auto kind :
       {AwsFault::Kind::kHang, AwsFault::Kind::kGarbage, AwsFault::Kind::kLoseAnswer}) {
    // Twice: a call that meets a connection which breaks is sent once more by the transport.
    const RecordStore::Stored stored = StoreMeeting({.times = 2, .kind = kind});
    EXPECT_EQ(stored.fault, Fault::kTransient) << static_cast<int>(kind);
    EXPECT_EQ(stored.url, "");
    fake_->faults().Clear();
  }
  EXPECT_EQ(Store(MakeEvent(1, "value")).fault, Fault::kNone);
  EXPECT_THAT(fake_->s3().Objects("events"), SizeIs(1));
}

TEST_F(S3RecordStoreTest, WithoutAUrlThatLivesLongEnoughNothingIsStored) {
  aws::Credentials temporary = LongTerm();
  temporary.expiry = absl::Now() + absl::Hours(1);
  Configure({.bucket = "events", .prefix = "records/", .encryption = {}}, temporary);
  const RecordStore::Stored stored = Store(MakeEvent(1, "value"));
  EXPECT_EQ(stored.fault, Fault::kDenied);
  EXPECT_THAT(stored.error, HasSubstr("--s3-url-lifetime is 24h"));
  EXPECT_EQ(Puts("no_url"), 1);
  EXPECT_EQ(fake_->CallsOf("s3.PutObject"), 0U);
}

TEST_F(S3RecordStoreTest, AnAnswerAfterTheStoresEndFindsItsWay) {
  fake_->faults().Add(
      {.service = "s3", .kind = AwsFault::Kind::kDelay, .delay = absl::Milliseconds(100)});
  std::promise<Fault> promise;
  store_->Store(kPool, MakeEvent(1, "value"),
                [&promise](const RecordStore::Stored& stored) { promise.set_value(stored.fault); });
  store_.reset();
  urls_.reset();
  EXPECT_EQ(promise.get_future().get(), Fault::kNone);
}

}  // namespace
}  // namespace tidemark::publisher

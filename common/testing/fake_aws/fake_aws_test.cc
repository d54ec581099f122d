#include "common/testing/fake_aws/fake_aws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "common/aws/http.h"
#include "common/aws/kinesis.h"
#include "common/testing/fake_aws/kinesis_tool.h"

namespace tidemark::fake_aws {
namespace {

using aws::PutRecordsEntry;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class TestClock final : public Clock {
 public:
  absl::Time Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void Advance(absl::Duration duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
  }

 private:
  mutable std::mutex mutex_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

class FakeAwsTest : public ::testing::Test {
 protected:
  void StartFake(FakeAws::Options options = {}) {
    auto fake = FakeAws::Start(std::move(options), clock_);
    ASSERT_TRUE(fake.ok()) << fake.status();
    fake_ = *std::move(fake);
    tool_ = std::make_unique<KinesisTool>(fake_->Url());
  }

  aws::PutRecordsResult Put(const std::vector<PutRecordsEntry>& entries,
                            const std::string& stream = "s") {
    const aws::KinesisClient client(
        "us-east-1", aws::Endpoint::Parse(fake_->Url()).value(), tool_->transport(),
        std::make_shared<aws::StaticCredentials>(session_), SystemClock());
    std::promise<aws::PutRecordsResult> promise;
    client.PutRecords(stream, entries, {}, [&promise](aws::PutRecordsResult result) {
      promise.set_value(std::move(result));
    });
    return promise.get_future().get();
  }

  std::string ErrorCode(const std::vector<PutRecordsEntry>& entries) {
    const aws::PutRecordsResult result = Put(entries);
    return result.error ? result.error->code : "";
  }

  // An answer of the fake's own pages.
  std::pair<int, json> Http(const std::string& method, const std::string& target,
                            const std::string& body = "") {
    std::promise<absl::StatusOr<aws::HttpResponse>> promise;
    tool_->transport().Send({.method = method,
                             .endpoint = aws::Endpoint::Parse(fake_->Url()).value(),
                             .target = target,
                             .headers = {},
                             .body = body},
                            {}, [&promise](absl::StatusOr<aws::HttpResponse> response) {
                              promise.set_value(std::move(response));
                            });
    const absl::StatusOr<aws::HttpResponse> response = promise.get_future().get();
    if (!response.ok()) return {0, json(response.status().ToString())};
    return {response->status, json::parse(response->body, nullptr, false)};
  }

  TestClock clock_;
  // What Put signs with.
  aws::Credentials session_{"test", Secret("test"), Secret(), absl::InfiniteFuture()};
  std::unique_ptr<FakeAws> fake_;
  std::unique_ptr<KinesisTool> tool_;
};

TEST_F(FakeAwsTest, KeepsRecordsInOrderOfArrival) {
  StartFake();
  ASSERT_TRUE(fake_->kinesis().CreateStream("s"));
  const std::string bytes("\0\xff", 2);
  Put({{"one", "k1"}, {bytes, "k\"2"}});
  Put({{"three", "k1"}});
  const std::vector<ReceivedRecord> records = fake_->kinesis().Records("s");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_EQ(records[0].data, "one");
  EXPECT_EQ(records[0].partition_key, "k1");
  EXPECT_EQ(records[1].data, bytes);
  EXPECT_EQ(records[1].partition_key, "k\"2");
  EXPECT_EQ(records[2].data, "three");
  EXPECT_EQ(records[0].call, records[1].call);
  EXPECT_EQ(records[2].call, records[0].call + 1);
  EXPECT_THAT(fake_->kinesis().Records("s", 2, 5), SizeIs(1));
  EXPECT_THAT(fake_->kinesis().Records("s", 9), SizeIs(0));
  EXPECT_EQ(fake_->kinesis().CountsOf("s").accepted, 3u);
  EXPECT_EQ(fake_->CallsOf("kinesis.PutRecords"), 2u);
}

TEST_F(FakeAwsTest, WhatTheReaderOfEveryShardHasIsForgottenIfAsked) {
  StartFake({.kinesis = {.keep = Keep::kUnread}});
  ASSERT_TRUE(fake_->kinesis().CreateStream("s", 2));
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) keys.push_back("key-" + std::to_string(i));
  std::vector<PutRecordsEntry> entries;
  for (const std::string& key : keys) entries.push_back({"first", key});
  Put(entries);
  EXPECT_THAT(fake_->kinesis().Records("s"), SizeIs(20));
  const auto first = tool_->ReadAll("s");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(*first, SizeIs(20));
  EXPECT_THAT(fake_->kinesis().Records("s"), SizeIs(0));
  for (PutRecordsEntry& entry : entries) entry.data = "second";
  Put(entries);
  const auto second = tool_->ReadAll("s");
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_THAT(*second, SizeIs(20));
  for (const KinesisTool::Record& record : *second) EXPECT_EQ(record.data, "second");
  EXPECT_EQ(fake_->kinesis().CountsOf("s").accepted, 40u);
}

TEST_F(FakeAwsTest, WhatWasPutCanBeReadBack) {
  StartFake();
  ASSERT_TRUE(tool_->CreateStream("s", 3).ok());
  EXPECT_FALSE(tool_->CreateStream("s").ok());  // exists
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back("key-" + std::to_string(i));
  std::vector<PutRecordsEntry> entries;
  for (const std::string& key : keys) entries.push_back({key, key});
  const aws::PutRecordsResult put = Put(entries);
  ASSERT_FALSE(put.error);
  const auto records = tool_->ReadAll("s");
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_THAT(*records, SizeIs(100));
  std::map<std::string, std::string> shard_of;
  for (const KinesisTool::Record& record : *records) {
    EXPECT_EQ(record.data, record.partition_key);
    shard_of[record.partition_key] = record.shard_id;
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(shard_of[keys[i]], put.records[i].shard_id);
}

TEST_F(FakeAwsTest, AStreamIsOpenOnlyWhileActive) {
  StartFake({.kinesis = {.create_time = absl::Seconds(5), .delete_time = absl::Seconds(5)}});
  fake_->kinesis().CreateStream("s");
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "ResourceNotFoundException");
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "");
  ASSERT_TRUE(tool_->DeleteStream("s").ok());
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "ResourceNotFoundException");
  EXPECT_THAT(fake_->kinesis().StreamNames(), ElementsAre("s"));
  clock_.Advance(absl::Seconds(5));
  EXPECT_FALSE(tool_->DeleteStream("s").ok());
  EXPECT_THAT(fake_->kinesis().StreamNames(), ElementsAre());
  EXPECT_FALSE(fake_->kinesis().SetStatus("s", "ACTIVE"));
}

TEST_F(FakeAwsTest, KeepsAmazonsLimits) {
  StartFake({.kinesis = {.keep = Keep::kCounts}});
  fake_->kinesis().CreateStream("s");
  const std::vector<PutRecordsEntry> full(500, {"x", "k"});
  EXPECT_EQ(ErrorCode(full), "");
  EXPECT_EQ(ErrorCode(std::vector<PutRecordsEntry>(501, {"x", "k"})), "ValidationException");
  EXPECT_EQ(ErrorCode({}), "ValidationException");
  EXPECT_EQ(ErrorCode({{"x", ""}}), "ValidationException");
  const std::string long_key(257, 'k');
  EXPECT_EQ(ErrorCode({{"x", long_key}}), "ValidationException");
  const std::string data((1 << 20) - 1, 'd');
  EXPECT_EQ(ErrorCode({{data, "k"}}), "");
  EXPECT_EQ(ErrorCode({{data, "kk"}}), "ValidationException");
  EXPECT_EQ(ErrorCode(std::vector<PutRecordsEntry>(5, {data, "k"})), "");
  EXPECT_EQ(ErrorCode(std::vector<PutRecordsEntry>(6, {data, "k"})), "InvalidArgumentException");
  EXPECT_EQ(fake_->kinesis().CountsOf("s").accepted, 506u);
  EXPECT_THAT(fake_->kinesis().Records("s"), SizeIs(0));
}

TEST_F(FakeAwsTest, VerifiesSignaturesWhenItHasKeys) {
  const aws::Credentials test{"test", Secret("test"), Secret(), absl::InfiniteFuture()};
  const aws::Credentials other{"test", Secret("other"), Secret(), absl::InfiniteFuture()};
  StartFake({.keys = {test}});
  fake_->SetClockSkew(absl::Now() - clock_.Now());
  fake_->kinesis().CreateStream("s");
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "");
  StartFake({.keys = {other}});
  fake_->SetClockSkew(absl::Now() - clock_.Now());
  fake_->kinesis().CreateStream("s");
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "InvalidSignatureException");
  EXPECT_EQ(fake_->kinesis().CountsOf("s").accepted, 0u);
}

TEST_F(FakeAwsTest, AStreamMayTakeLargerRecords) {
  StartFake({.kinesis = {.keep = Keep::kCounts}});
  fake_->kinesis().CreateStream("s");
  const std::string data(8 << 20, 'd');
  EXPECT_EQ(ErrorCode({{data, "k"}}), "ValidationException");
  EXPECT_EQ(
      Http("POST", "/_fake/kinesis/limit", R"({"stream":"s","maxRecordBytes":10485760})").first,
      200);
  EXPECT_EQ(ErrorCode({{data, "k"}}), "");
  EXPECT_EQ(ErrorCode({{data, "k"}, {data, "k"}}), "InvalidArgumentException");
}

TEST_F(FakeAwsTest, ARecordMayBePoisonToItsWholeCall) {
  StartFake();
  fake_->kinesis().CreateStream("s");
  EXPECT_EQ(Http("POST", "/_fake/kinesis/poison", R"({"stream":"s","text":"bad"})").first, 200);
  EXPECT_EQ(ErrorCode({{"good", "k"}, {"a bad one", "k"}}), "ValidationException");
  EXPECT_EQ(ErrorCode({{"good", "k"}}), "");
  EXPECT_THAT(fake_->kinesis().Records("s"), SizeIs(1));
  EXPECT_EQ(Http("POST", "/_fake/kinesis/poison", R"({"stream":"s","text":""})").first, 200);
  EXPECT_EQ(ErrorCode({{"a bad one", "k"}}), "");
}

TEST_F(FakeAwsTest, ReshardingKeepsAStreamOpenAndInOrder) {
  StartFake({.kinesis = {.update_time = absl::Seconds(5)}});
  fake_->kinesis().CreateStream("s", 2);
  EXPECT_EQ(ErrorCode({{"1", "k"}}), "");
  EXPECT_EQ(Http("POST", "/_fake/kinesis/shards", R"({"stream":"s","shards":4})").first, 200);
  EXPECT_EQ(ErrorCode({{"2", "k"}}), "");  // while it is UPDATING
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(fake_->kinesis().Reshard("s", 2));
  EXPECT_EQ(ErrorCode({{"3", "k"}}), "");
  const std::vector<ReceivedRecord> records = fake_->kinesis().Records("s");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_LT(records[0].sequence_number, records[1].sequence_number);
  EXPECT_LT(records[1].sequence_number, records[2].sequence_number);
  EXPECT_NE(records[0].shard_id, records[1].shard_id);
  const auto read = tool_->ReadAll("s");  // of closed shards too
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(*read, SizeIs(3));
}

TEST_F(FakeAwsTest, EachAccountHasItsStreams) {
  StartFake();
  fake_->kinesis().CreateStream("210987654321/s");
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "ResourceNotFoundException");
  EXPECT_EQ(Put({{"x", "k"}}, "arn:aws:kinesis:us-east-1:210987654321:stream/s").error->code,
            "AccessDeniedException");
  Role role;
  role.arn = "arn:aws:iam::210987654321:role/r";
  role.actions = {"kinesis:PutRecords"};
  fake_->iam().PutRole(role);
  fake_->SetClockSkew(absl::Now() - clock_.Now());  // clients sign with the true time
  session_ = fake_->iam().Issue(role, "session", absl::Hours(1));
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "");
  EXPECT_THAT(fake_->kinesis().Records("210987654321/s"), SizeIs(1));
  EXPECT_THAT(fake_->kinesis().StreamNames(), ElementsAre("210987654321/s"));
  role.actions = {"kinesis:Describe*"};
  fake_->iam().PutRole(role);
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "AccessDeniedException");
  fake_->iam().ExpireSessions(role.arn);
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "ExpiredTokenException");
}

TEST_F(FakeAwsTest, AFractionOfTheRecordsFailsByChance) {
  StartFake({.kinesis = {.keep = Keep::kCounts}});
  fake_->kinesis().CreateStream("s");
  fake_->faults().Add({.times = 10, .kind = Fault::Kind::kRecords, .fraction = 0.3});
  const std::vector<PutRecordsEntry> full(500, {"x", "k"});
  for (int i = 0; i < 10; ++i) Put(full);
  const FakeKinesis::Counts counts = fake_->kinesis().CountsOf("s");
  EXPECT_EQ(counts.accepted + counts.failed, 5000u);
  EXPECT_NEAR(static_cast<double>(counts.failed), 1500, 300);
}

TEST_F(FakeAwsTest, IsSteeredOverHttp) {
  StartFake();
  fake_->kinesis().CreateStream("s");
  EXPECT_EQ(Http("POST", "/_fake/script",
                 R"({"faults":[{"kind":"records","indexes":[1],"code":"InternalFailure"},
                               {"kind":"error","code":"X"}]})"),
            std::make_pair(200, json{{"pending", 2}}));
  const aws::PutRecordsResult result = Put({{"a", "k1"}, {"b", "k2"}});
  ASSERT_EQ(result.failed, 1u);
  EXPECT_EQ(result.records[1].error_code, "InternalFailure");
  EXPECT_EQ(Http("DELETE", "/_fake/script").first, 200);
  EXPECT_FALSE(Put({{"c", "k3"}}).error);

  const auto [status, counters] = Http("GET", "/_fake/counters");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(counters["calls"]["kinesis.PutRecords"], 2);
  EXPECT_EQ(counters["faults"]["struck"], 1);
  EXPECT_EQ(counters["kinesis"]["streams"]["s"]["accepted"], 2);
  EXPECT_EQ(counters["kinesis"]["streams"]["s"]["failed"], 1);

  const json records = Http("GET", "/_fake/kinesis/records?stream=s&from=1&limit=5").second;
  ASSERT_EQ(records["records"].size(), 1u);
  EXPECT_EQ(records["records"][0]["partitionKey"], "k3");
  EXPECT_EQ(records["records"][0]["data"], "Yw==");
  EXPECT_EQ(records["records"][0]["arrivedMillis"], absl::ToUnixMillis(clock_.Now()));

  EXPECT_EQ(Http("POST", "/_fake/kinesis/status", R"({"stream":"s","status":"CREATING"})").first,
            200);
  EXPECT_EQ(ErrorCode({{"x", "k"}}), "ResourceNotFoundException");
  EXPECT_EQ(Http("POST", "/_fake/reset").first, 200);
  EXPECT_THAT(fake_->kinesis().StreamNames(), SizeIs(0));
  EXPECT_EQ(fake_->CallsOf("kinesis.PutRecords"), 0u);
  EXPECT_EQ(fake_->faults().struck(), 0);
}

TEST_F(FakeAwsTest, RolesAndBucketsAreSteeredOverHttp) {
  StartFake();
  const std::string arn = "arn:aws:iam::123456789012:role/r";
  EXPECT_EQ(Http("PUT", "/_fake/sts/role",
                 R"({"arn":")" + arn + R"(","externalId":"id","webIdentityToken":"jwt",
                     "actions":["s3:*"],"maxSessionSeconds":7200,"lifetimeSeconds":1.5})")
                .first,
            200);
  const std::optional<Role> role = fake_->iam().FindRole(arn);
  ASSERT_TRUE(role);
  EXPECT_EQ(role->external_id, "id");
  EXPECT_EQ(role->web_identity_token, "jwt");
  EXPECT_THAT(role->actions, ElementsAre("s3:*"));
  EXPECT_EQ(role->max_session, absl::Hours(2));
  EXPECT_EQ(role->lifetime, absl::Milliseconds(1500));
  fake_->iam().Issue(*role, "s1", absl::Hours(1));
  EXPECT_EQ(Http("POST", "/_fake/sts/expire", R"({"arn":")" + arn + "\"}").second["ended"], 1);
  EXPECT_EQ(Http("DELETE", "/_fake/sts/role?arn=" + arn).first, 200);
  EXPECT_EQ(Http("DELETE", "/_fake/sts/role?arn=" + arn).first, 400);

  EXPECT_EQ(Http("POST", "/_fake/s3/bucket", R"({"bucket":"b-1"})").first, 200);
  EXPECT_EQ(Http("POST", "/_fake/s3/bucket", R"({"bucket":"b-1"})").first, 400);
  EXPECT_EQ(Http("GET", "/_fake/s3/objects?bucket=b-1").second,
            json({{"objects", json::object()}}));
  EXPECT_EQ(Http("POST", "/_fake/kinesis/stream", R"({"stream":"s","shards":2})").first, 200);
  EXPECT_EQ(Http("DELETE", "/_fake/kinesis/stream?stream=s").first, 200);
  EXPECT_EQ(Http("POST", "/_fake/clock", R"({"skewSeconds":60})").first, 200);
}

TEST_F(FakeAwsTest, RefusesWrongOrders) {
  StartFake();
  EXPECT_EQ(Http("POST", "/_fake/script", "{}").first, 400);
  EXPECT_EQ(Http("GET", "/_fake/kinesis/records").first, 400);
  EXPECT_EQ(Http("GET", "/_fake/kinesis/records?stream=s&from=x").first, 400);
  EXPECT_EQ(Http("POST", "/_fake/kinesis/status", R"({"stream":"s"})").first, 400);
  EXPECT_EQ(Http("POST", "/_fake/kinesis/status", R"({"stream":"s","status":"ACTIVE"})").first,
            400);
  EXPECT_EQ(Http("PUT", "/_fake/sts/role", R"({"arn":"arn:aws:iam::1:role/r"})").first, 400);
  EXPECT_EQ(Http("PUT", "/_fake/sts/role", R"({"other":1})").first, 400);
  EXPECT_EQ(Http("POST", "/_fake/kinesis/shards", R"({"stream":"s","shards":2})").first, 400);
  EXPECT_EQ(Http("POST", "/_fake/kinesis/shards", "{").first, 400);
  EXPECT_EQ(Http("POST", "/_fake/s3/bucket", "[]").first, 400);
  EXPECT_EQ(Http("GET", "/_fake/nothing").first, 404);
  EXPECT_EQ(Http("GET", "/").first, 404);
}

}  // namespace
}  // namespace tidemark::fake_aws

// The ten operations through a real socket: what services are told, what clients are answered.
#include <google/protobuf/text_format.h>

#include <future>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "common/obs/metrics.h"
#include "common/testing/eventually.h"
#include "services/gateway/wire/testing/gateway_fixture.h"

namespace tidemark::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

template <typename Message>
Message Proto(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

constexpr char kUpdate[] = R"({"SyncSessionToken":"t","RecordPatches":[)"
                           R"({"Op":"replace","Key":"color","Value":"red","SyncCount":0}]})";

TEST_F(GatewayTest, UpdateRecordsTellsTheServiceWhoAsksForWhat) {
  fakes_.dataset.update_records.Answers(
      Proto<dataset::v1::UpdateRecordsResponse>(R"(records { key: "color" value: "red" })"));
  const RawResponse response =
      Call({"POST",
            kDataset,
            kUpdate,
            {{"Content-Type", "application/json"},
             {"amz-sdk-invocation-id", "1234-5678"},
             {"x-amz-Client-Context", "context"},
             {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("Key":"color","Value":"red")"));
  EXPECT_EQ(Header(response, "content-type"), "application/json");
  EXPECT_EQ(Header(response, "x-amzn-errortype"), "");

  const auto request = fakes_.dataset.update_records.request();
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->identity_pool_id(), "us-east-1:aa");
  EXPECT_EQ(request->identity_id(), "us-east-1:bb");
  EXPECT_EQ(request->dataset_name(), "prefs");
  EXPECT_EQ(request->request_id(), "AKIDTEST/1234-5678");
  EXPECT_EQ(request->client_context(), "context");
  ASSERT_EQ(request->record_patches_size(), 1);

  CallMetadata metadata = fakes_.dataset.update_records.metadata();
  EXPECT_EQ(metadata["x-tidemark-caller"], "developer");
  EXPECT_EQ(metadata["x-tidemark-principal"], "123456789012");
  EXPECT_EQ(metadata["x-request-id"], Header(response, "x-amzn-requestid"));
  EXPECT_THAT(metadata["traceparent"],
              MatchesRegex("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01"));
  EXPECT_THAT(metadata["traceparent"], Not(HasSubstr("b7ad6b7169203331")));
}

TEST_F(GatewayTest, WithoutAnInvocationIdContentNamesTheWrite) {
  fakes_.dataset.update_records.Answers({});
  EXPECT_EQ(Call({"POST", kDataset, kUpdate}).status, 200);
  EXPECT_EQ(fakes_.dataset.update_records.request()->request_id(), "");
  EXPECT_THAT(fakes_.dataset.update_records.metadata()["traceparent"],
              MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-00"));
}

TEST_F(GatewayTest, ListRecords) {
  fakes_.dataset.list_records.Answers(
      Proto<dataset::v1::ListRecordsResponse>(R"(dataset_sync_count: 4 sync_session_token: "t")"));
  const RawResponse response = Call(
      {"GET", absl::StrCat(kDataset, "/records?lastSyncCount=3&maxResults=10&nextToken=a%2Fb")});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("DatasetSyncCount":4)"));
  const auto request = fakes_.dataset.list_records.request();
  EXPECT_EQ(request->last_sync_count(), 3);
  EXPECT_EQ(request->page_size(), 10);
  EXPECT_EQ(request->page_token(), "a/b");
}

TEST_F(GatewayTest, TheOtherDatasetOperations) {
  fakes_.dataset.list_datasets.Answers({});
  EXPECT_EQ(Call({"GET", absl::StrCat(kIdentity, "/datasets?maxResults=64")}).body,
            R"({"Datasets":[],"Count":0,"NextToken":null})");
  EXPECT_EQ(fakes_.dataset.list_datasets.request()->page_size(), 64);

  fakes_.dataset.describe_dataset.Answers({});
  EXPECT_THAT(Call({"GET", kDataset}).body, HasSubstr(R"({"Dataset":{"IdentityId":)"));
  EXPECT_EQ(fakes_.dataset.describe_dataset.request()->dataset_name(), "prefs");

  fakes_.dataset.delete_dataset.Answers({});
  EXPECT_THAT(Call({"DELETE", kDataset, "", {{"amz-sdk-invocation-id", "9"}}}).body,
              HasSubstr(R"({"Dataset":)"));
  EXPECT_EQ(fakes_.dataset.delete_dataset.request()->request_id(), "AKIDTEST/9");

  fakes_.dataset.describe_identity.Answers({});
  EXPECT_THAT(Call({"GET", kIdentity}).body, HasSubstr(R"({"IdentityUsage":)"));
  EXPECT_EQ(fakes_.dataset.describe_identity.request()->identity_id(), "us-east-1:bb");

  fakes_.dataset.describe_pool.Answers({});
  EXPECT_THAT(Call({"GET", kPool}).body, HasSubstr(R"({"IdentityPoolUsage":)"));
  EXPECT_EQ(fakes_.dataset.describe_pool.request()->identity_pool_id(), "us-east-1:aa");

  fakes_.dataset.list_pools.Answers({});
  EXPECT_THAT(Call({"GET", "/identitypools?maxResults=2"}).body, HasSubstr(R"("MaxResults":2)"));
}

TEST_F(GatewayTest, ConfigurationIsReadAndThenWrittenAtItsVersion) {
  fakes_.stream_config.get_pool.Answers(Proto<stream_config::v1::GetPoolResponse>(
      R"(pool { identity_pool_id: "us-east-1:aa" version: 7 push { role_arn: "r" } })"));
  fakes_.stream_config.update_pool.Answers(Proto<stream_config::v1::UpdatePoolResponse>(
      R"(pool { identity_pool_id: "us-east-1:aa" version: 8 push { role_arn: "r" }
                stream { stream_name: "s" status: STREAMING_STATUS_DISABLED } })"));
  const std::string path = absl::StrCat(kPool, "/configuration");
  EXPECT_EQ(Call({"GET", path}).body,
            R"({"IdentityPoolId":"us-east-1:aa","PushSync":{"ApplicationArns":[],"RoleArn":"r"},)"
            R"("CognitoStreams":null})");

  const RawResponse response =
      Call({"POST", path, R"({"CognitoStreams":{"StreamingStatus":"DISABLED"}})"});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("CognitoStreams":{"StreamName":"s")"));
  const auto request = fakes_.stream_config.update_pool.request();
  EXPECT_EQ(request->expected_version(), 7);
  EXPECT_EQ(request->pool().identity_pool_id(), "us-east-1:aa");
  EXPECT_THAT(request->update_mask().paths(), ElementsAre("stream.status"));
  EXPECT_EQ(fakes_.stream_config.update_pool.metadata()["x-tidemark-caller"], "developer");
}

TEST_F(GatewayTest, AConfigurationThatChangesNothingIsOnlyRead) {
  fakes_.stream_config.get_pool.Answers(
      Proto<stream_config::v1::GetPoolResponse>(R"(pool { identity_pool_id: "us-east-1:aa" })"));
  const RawResponse response = Call({"POST", absl::StrCat(kPool, "/configuration"), "{}"});
  EXPECT_EQ(response.body,
            R"({"IdentityPoolId":"us-east-1:aa","PushSync":null,"CognitoStreams":null})");
  EXPECT_EQ(fakes_.stream_config.update_pool.calls(), 0);
}

TEST_F(GatewayTest, ConcurrentConfigurationsLearnOfEachOther) {
  fakes_.stream_config.get_pool.Answers({});
  const std::string path = absl::StrCat(kPool, "/configuration");
  for (const auto reason :
       {errors::v1::ERROR_REASON_VERSION_MISMATCH, errors::v1::ERROR_REASON_CONCURRENT_CHANGE}) {
    fakes_.stream_config.update_pool.Fails(
        errors::Error(absl::StatusCode::kAborted, reason, "it changed"));
    ExpectError(Call({"POST", path, R"({"PushSync":{}})"}), 400, "ConcurrentModificationException");
  }
  fakes_.stream_config.get_pool.Fails(errors::Error(
      absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_POOL_NOT_FOUND, "no such pool"));
  ExpectError(Call({"POST", path, R"({"PushSync":{}})"}), 404, "ResourceNotFoundException");
}

TEST_F(GatewayTest, BulkPublishes) {
  const std::string start = absl::StrCat(kPool, "/bulkpublish");
  const std::string details = absl::StrCat(kPool, "/getBulkPublishDetails");
  fakes_.stream_config.start_bulk_publish.Answers({});
  RawResponse response = Call({"POST", start});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"IdentityPoolId":"us-east-1:aa"})");
  const auto asked = fakes_.stream_config.start_bulk_publish.request();
  EXPECT_EQ(asked->identity_pool_id(), "us-east-1:aa");
  EXPECT_FALSE(asked->again());
  fakes_.stream_config.get_bulk_publish.Answers({});
  response = Call({"POST", details, "{}"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(fakes_.stream_config.get_bulk_publish.request()->identity_pool_id(), "us-east-1:aa");

  for (const auto& [reason, code, name] :
       std::vector<std::tuple<errors::Reason, absl::StatusCode, std::string>>{
           {errors::v1::ERROR_REASON_BULK_PUBLISH_RUNNING, absl::StatusCode::kAlreadyExists,
            "DuplicateRequestException"},
           {errors::v1::ERROR_REASON_BULK_PUBLISH_RECENT, absl::StatusCode::kAlreadyExists,
            "AlreadyStreamedException"},
           {errors::v1::ERROR_REASON_STREAM_DISABLED, absl::StatusCode::kFailedPrecondition,
            "InvalidParameterException"},
           {errors::v1::ERROR_REASON_STREAM_NOT_CONFIGURED, absl::StatusCode::kNotFound,
            "InvalidParameterException"}}) {
    fakes_.stream_config.start_bulk_publish.Fails(errors::Error(code, reason, "what to do"));
    EXPECT_EQ(ExpectError(Call({"POST", start}), 400, name), "what to do");
  }
  fakes_.stream_config.start_bulk_publish.Fails(errors::Error(
      absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_POOL_NOT_FOUND, "no such pool"));
  ExpectError(Call({"POST", start}), 404, "ResourceNotFoundException");
  for (const std::string& path : {start, details}) {
    ExpectError(Exchange(UnsignedBytes({"POST", path})), 403,
                "MissingAuthenticationTokenException");
  }
}

TEST_F(GatewayTest, StreamsThatCannotBeWrittenAreInvalidParameters) {
  const std::string path = absl::StrCat(kPool, "/configuration");
  fakes_.stream_config.get_pool.Answers({});
  for (const errors::Reason reason :
       {errors::v1::ERROR_REASON_STREAM_NOT_FOUND, errors::v1::ERROR_REASON_STREAM_NOT_ACTIVE,
        errors::v1::ERROR_REASON_ROLE_NOT_USABLE}) {
    fakes_.stream_config.update_pool.Fails(
        errors::Error(absl::StatusCode::kFailedPrecondition, reason, "what to do"));
    EXPECT_EQ(
        ExpectError(Call({"POST", path, R"({"CognitoStreams":{"StreamingStatus":"ENABLED"}})"}),
                    400, "InvalidParameterException"),
        "what to do");
  }
}

// Clients percent-encode ids, or don't; the signature holds either way.
TEST_F(GatewayTest, PathsMayBeEncodedOrNot) {
  fakes_.dataset.describe_dataset.Answers({});
  for (const std::string target :
       {"/identitypools/us-east-1%3Aaa/identities/us-east-1%3abb/datasets/a.b%3Ac",
        "/identitypools/us-east-1:aa/identities/us-east-1:bb/datasets/a.b:c"}) {
    EXPECT_EQ(Call({"GET", target}).status, 200) << target;
    const auto request = fakes_.dataset.describe_dataset.request();
    EXPECT_EQ(request->identity_pool_id(), "us-east-1:aa");
    EXPECT_EQ(request->identity_id(), "us-east-1:bb");
    EXPECT_EQ(request->dataset_name(), "a.b:c");
  }
}

TEST_F(GatewayTest, EmptyNamesReachTheServiceThatJudgesThem) {
  fakes_.dataset.describe_dataset.Fails(errors::InvalidFields({{"dataset_name", "is empty"}}));
  EXPECT_EQ(ExpectError(Call({"GET", absl::StrCat(kIdentity, "/datasets/")}), 400,
                        "InvalidParameterException"),
            "DatasetName: is empty");
}

TEST_F(GatewayTest, OperationsThatAreMissingSaySo) {
  for (const auto& [method, path] :
       std::vector<std::pair<std::string, std::string>>{{"GET", "/events"}, {"POST", "/events"}}) {
    EXPECT_THAT(ExpectError(Call({method, kPool + path}), 400, "UnsupportedOperationException"),
                HasSubstr("not available in this version"));
    ExpectError(Exchange(UnsignedBytes({method, kPool + path})), 403,
                "MissingAuthenticationTokenException");
  }
  // These are for users' devices alone, whoever asks.
  for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
           {"POST", absl::StrCat(kPool, "/identity/us-east-1%3Abb/device")},
           {"POST", absl::StrCat(kDataset, "/subscriptions/d")},
           {"DELETE", absl::StrCat(kDataset, "/subscriptions/d")}}) {
    EXPECT_EQ(ExpectError(Call({method, path}), 403, "NotAuthorizedException"),
              "These credentials are not valid for accessing this resource");
  }
}

TEST_F(GatewayTest, ServesPipelinedCalls) {
  fakes_.dataset.update_records.Does([](const auto& request, auto& response) {
    response.add_records()->set_key(request.record_patches(0).key());
    return absl::OkStatus();
  });
  std::string bytes;
  for (int i = 0; i < 50; ++i) {
    bytes += SignedBytes({"POST", kDataset,
                          absl::StrCat(R"({"SyncSessionToken":"t","RecordPatches":[)"
                                       R"({"Op":"remove","Key":"k)",
                                       i, R"(","SyncCount":0}]})")});
  }
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send(bytes));
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(client.Read().body, HasSubstr(absl::StrCat("\"k", i, "\"")));
  }
}

TEST_F(GatewayTest, ReplicasThatDoNotServeAreLeftOut) {
  FakeServices well;
  others_ = absl::StrCat(",", well.address());
  fakes_.dataset.describe_dataset.Answers({});
  well.dataset.describe_dataset.Answers({});
  fakes_.server->SetServing(false);
  Start({});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Call({"GET", kDataset}).status, 200);
  EXPECT_EQ(fakes_.dataset.describe_dataset.calls(), 0);
  EXPECT_EQ(well.dataset.describe_dataset.calls(), 20);
}

TEST_F(GatewayTest, AnAnsweredRequestIsNoLongerInFlight) {
  fakes_.dataset.describe_dataset.Answers({});
  prometheus::Gauge& in_flight = obs::Gauge(*registry_, "tidemark_gateway_requests_in_flight", "");
  RawClient client(server_->port());
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(client.Exchange(SignedBytes({"GET", kDataset})).status, 200);
    ASSERT_EQ(in_flight.Value(), 0);
  }
}

TEST_F(GatewayTest, StoppingGivesUpCallsThatTakeLongerThanItsGrace) {
  Start({}, /*timeout=*/absl::Hours(1));
  std::promise<void> release;
  fakes_.dataset.describe_dataset.Does([answer = release.get_future().share()](auto&, auto&) {
    answer.wait();
    return absl::OkStatus();
  });
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send(SignedBytes({"GET", kDataset})));
  ASSERT_TRUE(testing::Eventually([&] { return fakes_.dataset.describe_dataset.calls() == 1; }));
  auto drained = std::async(std::launch::async,
                            [&] { server_->Drain(absl::ZeroDuration(), absl::Milliseconds(10)); });
  EXPECT_EQ(drained.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  release.set_value();
}

TEST_F(GatewayTest, ReadinessAsksTheDatasetServiceAlone) {
  for (const auto& check : calls_->Checks()) EXPECT_TRUE(check.ask().ok()) << check.name;
  fakes_.server->SetServing(false);
  for (const auto& check : calls_->Checks()) EXPECT_FALSE(check.ask().ok()) << check.name;
  fakes_.server.reset();
  for (const auto& check : calls_->Checks()) EXPECT_FALSE(check.ask().ok()) << check.name;
}

}  // namespace
}  // namespace tidemark::gateway

// What requests become, codec by codec.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/gateway/wire/amazon_error.h"
#include "services/gateway/wire/codecs.h"

namespace tidemark::gateway {
namespace {

using dataset::v1::RecordPatch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

OperationInput Input(std::string_view body, std::string_view query = "") {
  return {.identity_pool_id = "us-east-1:aa",
          .identity_id = "us-east-1:bb",
          .dataset_name = "prefs",
          .query = QueryParameters(query),
          .body = body,
          .client_context = "ctx",
          .request_id = "KEY/1"};
}

template <typename Codec>
AmazonError ErrorOf(const OperationInput& input) {
  typename Codec::Request request;
  const absl::Status status = Codec::Decode(input, request);
  EXPECT_FALSE(status.ok()) << input.body;
  return ToAmazonError(status);
}

AmazonError UpdateError(std::string_view body) { return ErrorOf<UpdateRecordsCodec>(Input(body)); }

std::string Patches(std::string_view patch) {
  return absl::StrCat(R"({"SyncSessionToken":"t","RecordPatches":[)", std::string(patch), "]}");
}

TEST(DecodeTest, UpdateRecords) {
  UpdateRecordsCodec::Request request;
  ASSERT_TRUE(UpdateRecordsCodec::Decode(Input(R"({
      "SyncSessionToken": "token", "DeviceId": "device", "Unknown": [1],
      "RecordPatches": [
        {"Op": "replace", "Key": "k\u00e9y", "Value": "v\u0000", "SyncCount": 3,
         "DeviceLastModifiedDate": 1413231134.115, "Unknown": {}},
        {"SyncCount": 0, "Value": "ignored", "Key": "b", "Op": "remove"},
        {"Op": "replace", "Key": "c", "Value": "", "SyncCount": 4.0, "DeviceLastModifiedDate": null}
      ]})"),
                                         request)
                  .ok());
  EXPECT_EQ(request.identity_pool_id(), "us-east-1:aa");
  EXPECT_EQ(request.identity_id(), "us-east-1:bb");
  EXPECT_EQ(request.dataset_name(), "prefs");
  EXPECT_EQ(request.sync_session_token(), "token");
  EXPECT_EQ(request.device_id(), "device");
  EXPECT_EQ(request.request_id(), "KEY/1");
  EXPECT_EQ(request.client_context(), "ctx");
  ASSERT_EQ(request.record_patches_size(), 3);
  const RecordPatch& first = request.record_patches(0);
  EXPECT_EQ(first.op(), RecordPatch::OP_REPLACE);
  EXPECT_EQ(first.key(), "k\u00e9y");
  EXPECT_EQ(first.value(), std::string("v\0", 2));
  EXPECT_EQ(first.sync_count(), 3);
  EXPECT_EQ(first.device_last_modified_time().seconds(), 1413231134);
  EXPECT_EQ(first.device_last_modified_time().nanos(), 115'000'000);
  EXPECT_EQ(request.record_patches(1).op(), RecordPatch::OP_REMOVE);
  EXPECT_FALSE(request.record_patches(1).has_value());
  EXPECT_FALSE(request.record_patches(1).has_device_last_modified_time());
  EXPECT_TRUE(request.record_patches(2).has_value());
  EXPECT_EQ(request.record_patches(2).sync_count(), 4);
  EXPECT_FALSE(request.record_patches(2).has_device_last_modified_time());
}

TEST(DecodeTest, UpdateRecordsWithoutPatches) {
  for (const std::string_view body :
       {R"({"SyncSessionToken":"t"})", R"({"SyncSessionToken":"t","RecordPatches":[]})",
        R"({"SyncSessionToken":"t","RecordPatches":null,"DeviceId":null})"}) {
    UpdateRecordsCodec::Request request;
    EXPECT_TRUE(UpdateRecordsCodec::Decode(Input(body), request).ok());
    EXPECT_EQ(request.record_patches_size(), 0);
  }
}

// A date in a string is what AWS's SDK for PHP once sent, and the service refused.
TEST(DecodeTest, UpdateRecordsRefusesOtherTypes) {
  for (const std::string_view patch : {
           R"({"Op":"replace","Key":"k","Value":"v","SyncCount":0,
               "DeviceLastModifiedDate":"2014-10-13T20:12:14Z"})",
           R"({"Op":"replace","Key":"k","Value":"v","SyncCount":"0"})",
           R"({"Op":"replace","Key":"k","Value":1,"SyncCount":0})",
           R"({"Op":"replace","Key":7,"Value":"v","SyncCount":0})",
           R"({"Op":1,"Key":"k","Value":"v","SyncCount":0})",
           R"({"Op":"replace","Key":"k","Value":"v","SyncCount":0.5})",
           "1",
           "null",
           R"({"Op":"remove","Key":"k","SyncCount":0},"x")",
           R"({"Op":"remove","Key":"k","SyncCount":0,"Key":"l"})",
       }) {
    const AmazonError error = UpdateError(Patches(patch));
    EXPECT_EQ(error.name, ErrorName::kSerialization) << patch;
    EXPECT_THAT(error.message, StartsWith("RecordPatches[")) << patch;
  }
  EXPECT_EQ(UpdateError(R"({"RecordPatches":{}})").message,
            "RecordPatches: a list of objects is expected");
  EXPECT_EQ(UpdateError("[]").name, ErrorName::kSerialization);
  EXPECT_EQ(UpdateError("{").name, ErrorName::kSerialization);
}

TEST(DecodeTest, UpdateRecordsNamesWhatIsMissing) {
  EXPECT_EQ(UpdateError("").message, "SyncSessionToken: is missing");
  const AmazonError error = UpdateError(Patches(R"({"Op":"Replace","Value":"v"},{})"));
  EXPECT_EQ(error.name, ErrorName::kInvalidParameter);
  EXPECT_EQ(error.message,
            "RecordPatches[0].Op: 'Replace' is not replace or remove; "
            "RecordPatches[0].Key: is missing; RecordPatches[0].SyncCount: is missing; "
            "RecordPatches[1].Op: is missing; RecordPatches[1].Key: is missing; "
            "RecordPatches[1].SyncCount: is missing");
  EXPECT_THAT(UpdateError(R"({"SyncSessionToken":"t","DeviceId":""})").message,
              HasSubstr("DeviceId: is empty"));
}

TEST(DecodeTest, UpdateRecordsBoundsThePatches) {
  std::string patches = "{}";
  for (int i = 0; i < 65'536; ++i) patches += ",{}";
  const AmazonError error = UpdateError(Patches(patches));
  EXPECT_EQ(error.name, ErrorName::kInvalidParameter);
  EXPECT_EQ(error.message, "RecordPatches[65536]: at most 65536 patches");
}

TEST(DecodeTest, ListRecords) {
  ListRecordsCodec::Request request;
  ASSERT_TRUE(
      ListRecordsCodec::Decode(
          Input("", "syncSessionToken=s%2B&lastSyncCount=7&nextToken=n&maxResults=9"), request)
          .ok());
  EXPECT_EQ(request.dataset_name(), "prefs");
  EXPECT_EQ(request.last_sync_count(), 7);
  EXPECT_EQ(request.page_size(), 9);
  EXPECT_EQ(request.page_token(), "n");
  EXPECT_EQ(request.sync_session_token(), "s+");

  ListRecordsCodec::Request bare;
  ASSERT_TRUE(ListRecordsCodec::Decode(Input("{}", ""), bare).ok());
  EXPECT_EQ(bare.last_sync_count(), 0);
  EXPECT_EQ(bare.page_size(), 0);

  for (const std::string_view query :
       {"lastSyncCount=x", "lastSyncCount=", "maxResults=1.5", "maxResults=99999999999",
        "lastSyncCount=1&lastSyncCount=1", "nextToken=%f"}) {
    EXPECT_EQ(ErrorOf<ListRecordsCodec>(Input("", query)).name, ErrorName::kSerialization) << query;
  }
}

TEST(DecodeTest, PageSizesPassAndZeroIsTheLeast) {
  for (const auto& [query, size] : std::vector<std::pair<std::string_view, int>>{
           {"", 0}, {"maxResults=5", 5}, {"maxResults=0", 1}, {"maxResults=-1", -1}}) {
    ListDatasetsCodec::Request request;
    ASSERT_TRUE(ListDatasetsCodec::Decode(Input("", query), request).ok());
    EXPECT_EQ(request.page_size(), size) << query;
  }
  ListIdentityPoolUsageCodec::Request request;
  ASSERT_TRUE(ListIdentityPoolUsageCodec::Decode(Input("", "nextToken=x"), request).ok());
  EXPECT_EQ(request.page_size(), 60);
  EXPECT_EQ(request.page_token(), "x");
}

TEST(DecodeTest, TheOthersTakeThePathAlone) {
  DescribeDatasetCodec::Request describe;
  ASSERT_TRUE(DescribeDatasetCodec::Decode(Input("{}"), describe).ok());
  EXPECT_EQ(describe.identity_pool_id() + describe.identity_id() + describe.dataset_name(),
            "us-east-1:aaus-east-1:bbprefs");
  DeleteDatasetCodec::Request deletion;
  ASSERT_TRUE(DeleteDatasetCodec::Decode(Input("not json"), deletion).ok());
  EXPECT_EQ(deletion.dataset_name(), "prefs");
  EXPECT_EQ(deletion.request_id(), "KEY/1");
  DescribeIdentityUsageCodec::Request identity;
  ASSERT_TRUE(DescribeIdentityUsageCodec::Decode(Input(""), identity).ok());
  EXPECT_EQ(identity.identity_id(), "us-east-1:bb");
  DescribeIdentityPoolUsageCodec::Request pool;
  ASSERT_TRUE(DescribeIdentityPoolUsageCodec::Decode(Input(""), pool).ok());
  EXPECT_EQ(pool.identity_pool_id(), "us-east-1:aa");
  GetIdentityPoolConfigurationCodec::Request configuration;
  ASSERT_TRUE(GetIdentityPoolConfigurationCodec::Decode(Input(""), configuration).ok());
  EXPECT_EQ(configuration.identity_pool_id(), "us-east-1:aa");
}

SetIdentityPoolConfigurationCodec::Request Configuration(std::string_view body) {
  SetIdentityPoolConfigurationCodec::Request request;
  const absl::Status status = SetIdentityPoolConfigurationCodec::Decode(Input(body), request);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(request.pool().identity_pool_id(), "us-east-1:aa");
  return request;
}

TEST(DecodeTest, SetIdentityPoolConfigurationNamesWhatChanges) {
  const auto all = Configuration(R"({
      "IdentityPoolId": "us-east-1:ff",
      "PushSync": {"ApplicationArns": ["a", "b"], "RoleArn": "r"},
      "CognitoStreams": {"StreamName": "s", "RoleArn": "q", "StreamingStatus": "ENABLED",
                         "DisabledReason": "not ours to set"}})");
  EXPECT_THAT(all.update_mask().paths(),
              ElementsAre("push", "stream.stream_name", "stream.role_arn", "stream.status"));
  EXPECT_THAT(all.pool().push().application_arns(), ElementsAre("a", "b"));
  EXPECT_EQ(all.pool().push().role_arn(), "r");
  EXPECT_EQ(all.pool().stream().stream_name(), "s");
  EXPECT_EQ(all.pool().stream().role_arn(), "q");
  EXPECT_EQ(all.pool().stream().status(), stream_config::v1::STREAMING_STATUS_ENABLED);
  EXPECT_EQ(all.pool().stream().disabled_reason(), "");

  const auto off = Configuration(R"({"CognitoStreams":{"StreamingStatus":"DISABLED"}})");
  EXPECT_THAT(off.update_mask().paths(), ElementsAre("stream.status"));
  EXPECT_EQ(off.pool().stream().status(), stream_config::v1::STREAMING_STATUS_DISABLED);
}

TEST(DecodeTest, SetIdentityPoolConfigurationLeavesWhatIsAbsent) {
  for (const std::string_view body :
       {"", "{}", R"({"PushSync":null,"CognitoStreams":null})", R"({"CognitoStreams":{}})"}) {
    EXPECT_THAT(Configuration(body).update_mask().paths(), ElementsAre()) << body;
  }
}

TEST(DecodeTest, SetIdentityPoolConfigurationRemovesPushByAnEmptyOne) {
  for (const std::string_view body :
       {R"({"PushSync":{}})", R"({"PushSync":{"ApplicationArns":[]}})",
        R"({"PushSync":{"RoleArn":null}})"}) {
    const auto request = Configuration(body);
    EXPECT_THAT(request.update_mask().paths(), ElementsAre("push"));
    EXPECT_FALSE(request.pool().has_push());
  }
}

TEST(DecodeTest, SetIdentityPoolConfigurationRefuses) {
  using Codec = SetIdentityPoolConfigurationCodec;
  for (const std::string_view body :
       {R"({"CognitoStreams":{"StreamingStatus":"enabled"}})",
        R"({"CognitoStreams":{"StreamName":""}})", R"({"CognitoStreams":{"RoleArn":""}})",
        R"({"PushSync":{"RoleArn":""}})"}) {
    EXPECT_EQ(ErrorOf<Codec>(Input(body)).name, ErrorName::kInvalidParameter) << body;
  }
  EXPECT_EQ(ErrorOf<Codec>(Input(R"({"CognitoStreams":{"StreamingStatus":"on"}})")).message,
            "CognitoStreams.StreamingStatus: 'on' is not ENABLED or DISABLED");
  for (const std::string_view body :
       {R"({"CognitoStreams":"x"})", R"({"CognitoStreams":{"StreamingStatus":true}})",
        R"({"PushSync":{"ApplicationArns":"a"}})", R"({"PushSync":{"ApplicationArns":[1]}})",
        R"({"PushSync":{},"PushSync":{}})"}) {
    EXPECT_EQ(ErrorOf<Codec>(Input(body)).name, ErrorName::kSerialization) << body;
  }
}

}  // namespace
}  // namespace tidemark::gateway

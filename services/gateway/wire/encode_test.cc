// What answers become, codec by codec: the exact bytes.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "services/gateway/wire/codecs.h"

namespace tidemark::gateway {
namespace {

template <typename Message>
Message Parse(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

template <typename Codec>
std::string Encode(const char* response, const typename Codec::Request& request = {}) {
  std::string body;
  Codec::Encode(request, Parse<typename Codec::Response>(response), body);
  return body;
}

constexpr char kDataset[] = R"(
    identity_pool_id: "us-east-1:aa" identity_id: "us-east-1:bb" dataset_name: "prefs"
    creation_time { seconds: 1413231134 nanos: 115000000 }
    last_modified_time { seconds: 1413231135 } last_modified_by: "123456789012"
    data_storage_bytes: 16 record_count: 1 sync_count: 2)";
constexpr char kDatasetJson[] =
    R"({"IdentityId":"us-east-1:bb","DatasetName":"prefs","CreationDate":1413231134.115,)"
    R"("LastModifiedDate":1413231135.000,"LastModifiedBy":"123456789012","DataStorage":16,)"
    R"("NumRecords":1})";
constexpr char kLiveRecord[] = R"(
    key: "color" value: "red" sync_count: 2 last_modified_time { seconds: 10 }
    last_modified_by: "device" device_last_modified_time { seconds: 9 nanos: 500000000 })";
constexpr char kLiveRecordJson[] =
    R"({"Key":"color","Value":"red","SyncCount":2,"LastModifiedDate":10.000,)"
    R"("LastModifiedBy":"device","DeviceLastModifiedDate":9.500})";

TEST(EncodeTest, Datasets) {
  const std::string one = std::string("dataset {") + kDataset + "}";
  const std::string json = std::string(R"({"Dataset":)") + kDatasetJson + "}";
  EXPECT_EQ(Encode<DescribeDatasetCodec>(one.c_str()), json);
  EXPECT_EQ(Encode<DeleteDatasetCodec>(one.c_str()), json);
  EXPECT_EQ(Encode<DeleteDatasetCodec>("dataset { last_modified_time { seconds: 1 } }"),
            R"({"Dataset":{"IdentityId":"","DatasetName":"","CreationDate":null,)"
            R"("LastModifiedDate":1.000,"LastModifiedBy":null,"DataStorage":0,"NumRecords":0}})");
  const std::string list = std::string("datasets {") + kDataset + R"(} next_page_token: "n")";
  EXPECT_EQ(Encode<ListDatasetsCodec>(list.c_str()),
            std::string(R"({"Datasets":[)") + kDatasetJson + R"(],"Count":1,"NextToken":"n"})");
  EXPECT_EQ(Encode<ListDatasetsCodec>(""), R"({"Datasets":[],"Count":0,"NextToken":null})");
}

TEST(EncodeTest, RecordsOfADatasetNeverWritten) {
  EXPECT_EQ(Encode<ListRecordsCodec>(R"(sync_session_token: "t")"),
            R"({"Records":[],"NextToken":null,"Count":0,"DatasetSyncCount":0,)"
            R"("LastModifiedBy":null,"MergedDatasetNames":null,"DatasetExists":false,)"
            R"("DatasetDeletedAfterRequestedSyncCount":false,"SyncSessionToken":"t"})");
}

TEST(EncodeTest, RecordsAndTombstones) {
  const std::string response = std::string("records {") + kLiveRecord + R"(}
      records { key: "gone" sync_count: 3 last_modified_time { seconds: 11 }
                last_modified_by: "d" device_last_modified_time { seconds: 11 } }
      next_page_token: "n" dataset_sync_count: 3 last_modified_by: "d"
      merged_dataset_names: "prefs.us-east-1:cc" dataset_exists: true
      dataset_deleted_after_requested_sync_count: true sync_session_token: "t")";
  EXPECT_EQ(Encode<ListRecordsCodec>(response.c_str()),
            std::string(R"({"Records":[)") + kLiveRecordJson +
                R"(,{"Key":"gone","Value":null,"SyncCount":3,"LastModifiedDate":11.000,)"
                R"("LastModifiedBy":"d","DeviceLastModifiedDate":11.000}],)"
                R"("NextToken":"n","Count":2,"DatasetSyncCount":3,"LastModifiedBy":"d",)"
                R"("MergedDatasetNames":["prefs.us-east-1:cc"],"DatasetExists":true,)"
                R"("DatasetDeletedAfterRequestedSyncCount":true,"SyncSessionToken":"t"})");
}

TEST(EncodeTest, UpdatedRecords) {
  const std::string response = std::string("records {") + kLiveRecord + "}";
  EXPECT_EQ(Encode<UpdateRecordsCodec>(response.c_str()),
            std::string(R"({"Records":[)") + kLiveRecordJson + "]}");
  EXPECT_EQ(Encode<UpdateRecordsCodec>(""), R"({"Records":[]})");
  EXPECT_EQ(Encode<UpdateRecordsCodec>(R"(records { key: "k" value: "" })"),
            R"({"Records":[{"Key":"k","Value":"","SyncCount":0,"LastModifiedDate":0.000,)"
            R"("LastModifiedBy":null,"DeviceLastModifiedDate":0.000}]})");
}

TEST(EncodeTest, Usage) {
  EXPECT_EQ(Encode<DescribeIdentityUsageCodec>(R"(
                usage { identity_pool_id: "p" identity_id: "i" dataset_count: 2
                        data_storage_bytes: 9 last_modified_time { seconds: 5 } })"),
            R"({"IdentityUsage":{"IdentityId":"i","IdentityPoolId":"p",)"
            R"("LastModifiedDate":5.000,"DatasetCount":2,"DataStorage":9}})");
  EXPECT_EQ(
      Encode<DescribeIdentityUsageCodec>(R"(usage { identity_pool_id: "p" identity_id: "i" })"),
      R"({"IdentityUsage":{"IdentityId":"i","IdentityPoolId":"p",)"
      R"("LastModifiedDate":null,"DatasetCount":0,"DataStorage":0}})");
  EXPECT_EQ(Encode<DescribeIdentityPoolUsageCodec>(R"(usage { identity_pool_id: "p" })"),
            R"({"IdentityPoolUsage":{"IdentityPoolId":"p","SyncSessionsCount":0,)"
            R"("DataStorage":0,"LastModifiedDate":null}})");
}

TEST(EncodeTest, PoolUsageTellsThePageSizeInForce) {
  ListIdentityPoolUsageCodec::Request request;
  request.set_page_size(2000);
  EXPECT_EQ(Encode<ListIdentityPoolUsageCodec>(
                R"(usages { identity_pool_id: "p" sync_sessions_count: 3 data_storage_bytes: 4
                            last_modified_time { seconds: 5 } } next_page_token: "n")",
                request),
            R"({"IdentityPoolUsages":[{"IdentityPoolId":"p","SyncSessionsCount":3,)"
            R"("DataStorage":4,"LastModifiedDate":5.000}],"MaxResults":1024,"Count":1,)"
            R"("NextToken":"n"})");
}

TEST(EncodeTest, BulkPublishes) {
  BulkPublishCodec::Request start;
  start.set_identity_pool_id("p");
  EXPECT_EQ(Encode<BulkPublishCodec>("bulk_publish { job: 3 }", start),
            R"({"IdentityPoolId":"p"})");
  GetBulkPublishDetailsCodec::Request get;
  get.set_identity_pool_id("p");
  EXPECT_EQ(Encode<GetBulkPublishDetailsCodec>("bulk_publish {}", get),
            R"({"IdentityPoolId":"p","BulkPublishStartTime":null,"BulkPublishCompleteTime":null,)"
            R"("BulkPublishStatus":"NOT_STARTED","FailureMessage":null})");
  EXPECT_EQ(Encode<GetBulkPublishDetailsCodec>(R"(
                bulk_publish { job: 1 state: BULK_PUBLISH_STATE_IN_PROGRESS
                               start_time { seconds: 10 } progress { datasets_done: 4 } })",
                                               get),
            R"({"IdentityPoolId":"p","BulkPublishStartTime":10.000,)"
            R"("BulkPublishCompleteTime":null,"BulkPublishStatus":"IN_PROGRESS",)"
            R"("FailureMessage":null})");
  EXPECT_EQ(Encode<GetBulkPublishDetailsCodec>(R"(
                bulk_publish { job: 1 state: BULK_PUBLISH_STATE_SUCCEEDED
                               start_time { seconds: 10 }
                               complete_time { seconds: 11 nanos: 500000000 } })",
                                               get),
            R"({"IdentityPoolId":"p","BulkPublishStartTime":10.000,)"
            R"("BulkPublishCompleteTime":11.500,"BulkPublishStatus":"SUCCEEDED",)"
            R"("FailureMessage":null})");
  EXPECT_EQ(Encode<GetBulkPublishDetailsCodec>(R"(
                bulk_publish { job: 1 state: BULK_PUBLISH_STATE_FAILED start_time { seconds: 10 }
                               complete_time { seconds: 11 } failure_message: "turned off" })",
                                               get),
            R"({"IdentityPoolId":"p","BulkPublishStartTime":10.000,)"
            R"("BulkPublishCompleteTime":null,"BulkPublishStatus":"FAILED",)"
            R"("FailureMessage":"turned off"})");
}

TEST(EncodeTest, PoolConfiguration) {
  const char* const never = R"(pool { identity_pool_id: "p" version: 4 })";
  const std::string nothing = R"({"IdentityPoolId":"p","PushSync":null,"CognitoStreams":null})";
  EXPECT_EQ(Encode<GetIdentityPoolConfigurationCodec>(never), nothing);
  EXPECT_EQ(Encode<SetIdentityPoolConfigurationCodec>(never), nothing);
  EXPECT_EQ(Encode<GetIdentityPoolConfigurationCodec>(R"(
                pool { identity_pool_id: "p"
                       push { application_arns: "a" application_arns: "b" role_arn: "r" }
                       stream { stream_name: "s" role_arn: "q" status: STREAMING_STATUS_DISABLED
                                disabled_reason: "the stream is gone" epoch: 3 } })"),
            R"({"IdentityPoolId":"p","PushSync":{"ApplicationArns":["a","b"],"RoleArn":"r"},)"
            R"("CognitoStreams":{"StreamName":"s","RoleArn":"q","StreamingStatus":"DISABLED",)"
            R"("DisabledReason":"the stream is gone"}})");
  EXPECT_EQ(Encode<GetIdentityPoolConfigurationCodec>(R"(
                pool { identity_pool_id: "p" push {} stream { status: STREAMING_STATUS_ENABLED } })"),
            R"({"IdentityPoolId":"p","PushSync":{"ApplicationArns":[],"RoleArn":null},)"
            R"("CognitoStreams":{"StreamName":null,"RoleArn":null,"StreamingStatus":"ENABLED",)"
            R"("DisabledReason":null}})");
}

}  // namespace
}  // namespace tidemark::gateway

#include "services/gateway/wire/field_names.h"

#include <gtest/gtest.h>

namespace tidemark::gateway {
namespace {

TEST(FieldNamesTest, OursBecomeAmazons) {
  EXPECT_EQ(AmazonFieldName("identity_pool_id"), "IdentityPoolId");
  EXPECT_EQ(AmazonFieldName("dataset_name"), "DatasetName");
  EXPECT_EQ(AmazonFieldName("last_sync_count"), "LastSyncCount");
  EXPECT_EQ(AmazonFieldName("page_size"), "MaxResults");
  EXPECT_EQ(AmazonFieldName("page_token"), "NextToken");
  EXPECT_EQ(AmazonFieldName("sync_session_token"), "SyncSessionToken");
  EXPECT_EQ(AmazonFieldName("record_patches"), "RecordPatches");
  EXPECT_EQ(AmazonFieldName("record_patches[12].key"), "RecordPatches[12].Key");
  EXPECT_EQ(AmazonFieldName("record_patches[0].device_last_modified_time"),
            "RecordPatches[0].DeviceLastModifiedDate");
  EXPECT_EQ(AmazonFieldName("pool.stream.status"), "CognitoStreams.StreamingStatus");
  EXPECT_EQ(AmazonFieldName("pool.stream.role_arn"), "CognitoStreams.RoleArn");
  EXPECT_EQ(AmazonFieldName("pool.push.application_arns[1]"), "PushSync.ApplicationArns[1]");
}

TEST(FieldNamesTest, AmazonsStay) {
  EXPECT_EQ(AmazonFieldName("RecordPatches[0].Op"), "RecordPatches[0].Op");
  EXPECT_EQ(AmazonFieldName("SyncSessionToken"), "SyncSessionToken");
  EXPECT_EQ(AmazonFieldName(""), "");
}

}  // namespace
}  // namespace tidemark::gateway

#include "services/dataset/store/change_body.h"

#include <gtest/gtest.h>

#include "tidemark/change/v1/change.pb.h"

namespace tidemark::dataset {
namespace {

using change::v1::Change;

const DatasetKey kDataset{IdentityKey::Of("us-east-1:0a", "us-east-1:1b"), "prefs"};
const ChangeOrigin kOrigin{.modified_by = "writer", .device_id = "device", .traceparent = "00-1"};

Change Parse(const std::string& body) {
  Change change;
  EXPECT_TRUE(change.ParseFromString(body));
  EXPECT_EQ(change.identity_pool_id(), "us-east-1:0a");
  EXPECT_EQ(change.identity_id(), "us-east-1:1b");
  EXPECT_EQ(change.dataset_name(), "prefs");
  EXPECT_EQ(change.modified_by(), "writer");
  EXPECT_EQ(change.device_id(), "device");
  // Columns of the row.
  EXPECT_EQ(change.kind(), change::v1::CHANGE_KIND_UNSPECIFIED);
  EXPECT_EQ(change.sync_count(), 0);
  EXPECT_EQ(change.generation(), 0);
  EXPECT_FALSE(change.has_commit_time());
  return change;
}

TEST(ChangeBodyTest, AnUpdateHoldsItsPatchesInTheirOrder) {
  UpdateRequest request;
  request.dataset = kDataset;
  request.origin = kOrigin;
  request.patches = {{"z", "", SyncCount(4), absl::FromUnixMillis(-1)},
                     {"a", std::nullopt, SyncCount(0), std::nullopt}};
  const Change change = Parse(UpdateBody(request));
  ASSERT_EQ(change.records_size(), 2);
  EXPECT_EQ(change.records(0).key(), "z");
  EXPECT_TRUE(change.records(0).has_value());  // an empty value is one
  EXPECT_EQ(change.records(0).value(), "");
  EXPECT_EQ(change.records(0).device_last_modified_time().seconds(), -1);
  EXPECT_EQ(change.records(0).device_last_modified_time().nanos(), 999'000'000);
  EXPECT_EQ(change.records(0).sync_count(), 0);
  EXPECT_FALSE(change.records(0).has_last_modified_time());
  EXPECT_EQ(change.records(1).key(), "a");
  EXPECT_FALSE(change.records(1).has_value());
  EXPECT_FALSE(change.records(1).has_device_last_modified_time());
}

TEST(ChangeBodyTest, ADeletionHoldsNoRecords) {
  EXPECT_EQ(Parse(DeletionBody(kDataset, kOrigin)).records_size(), 0);
}

TEST(ChangeBodyTest, ASnapshotHoldsLiveRecordsWithTheirOwnCountsAndTimes) {
  const Record records[] = {
      {.key = "a",
       .value = "x",
       .sync_count = SyncCount(3),
       .modified_time = absl::FromUnixMillis(1500),
       .device_modified_time = absl::FromUnixMillis(1250),
       .modified_by = "other"},
      {.key = "b", .value = std::nullopt, .sync_count = SyncCount(4), .modified_by = "other"}};
  const Change change = Parse(SnapshotBody(kDataset, kOrigin, records));
  ASSERT_EQ(change.records_size(), 1);
  EXPECT_EQ(change.records(0).key(), "a");
  EXPECT_EQ(change.records(0).value(), "x");
  EXPECT_EQ(change.records(0).sync_count(), 3);
  EXPECT_EQ(change.records(0).last_modified_time().seconds(), 1);
  EXPECT_EQ(change.records(0).last_modified_time().nanos(), 500'000'000);
  EXPECT_EQ(change.records(0).device_last_modified_time().nanos(), 250'000'000);
}

}  // namespace
}  // namespace tidemark::dataset

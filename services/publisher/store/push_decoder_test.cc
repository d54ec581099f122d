#include "services/publisher/store/push_decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "tidemark/change/v1/change.pb.h"

namespace tidemark::publisher {
namespace {

change::v1::Change Change() {
  change::v1::Change change;
  change.set_identity_pool_id("us-east-1:pool");
  change.set_identity_id("us-east-1:who");
  change.set_dataset_name("prefs");
  change.set_modified_by("phone");
  change.set_device_id("phone");
  for (int i = 0; i < 3; ++i) {
    change::v1::RecordChange& record = *change.add_records();
    record.set_key("key");
    record.set_value(std::string(100'000, 'v'));
    record.mutable_device_last_modified_time()->set_seconds(1);
  }
  return change;
}

LogRow Row(const std::string& body) {
  return {.position = 9,
          .log_shard = LogShard(3),
          .pool_number = 7,
          .sync_count = 5,
          .generation = 1,
          .kind = ChangeKind::kUpdate,
          .commit_time = absl::UnixEpoch(),
          .traceparent = "",
          .body = body};
}

TEST(PushDecoderTest, TakesWhatAPushNeeds) {
  const std::string body = Change().SerializeAsString();
  const auto change = DecodePush(Row(body));
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->key, (PushKey{7, "us-east-1:who", "prefs"}));
  EXPECT_EQ(change->position, 9);
  EXPECT_EQ(change->log_shard, LogShard(3));
  EXPECT_EQ(change->sync_count, 5);
  EXPECT_EQ(change->device_id, "phone");
  EXPECT_EQ(change->commit_time, absl::UnixEpoch());
}

TEST(PushDecoderTest, AChangeWithoutDeviceHasNone) {
  change::v1::Change change = Change();
  change.clear_device_id();
  change.clear_records();
  const std::string body = change.SerializeAsString();
  EXPECT_EQ(DecodePush(Row(body))->device_id, "");
}

TEST(PushDecoderTest, EveryCutOfABodyIsRefusedOrLacksOnlyItsEnd) {
  change::v1::Change change = Change();
  change.clear_records();
  const std::string body = change.SerializeAsString();
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::string cut = body.substr(0, size);
    change::v1::Change parsed;
    const bool whole = parsed.ParseFromString(cut) && !parsed.dataset_name().empty();
    EXPECT_EQ(DecodePush(Row(cut)).ok(), whole) << size;
  }
}

}  // namespace
}  // namespace tidemark::publisher

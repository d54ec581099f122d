#include "services/publisher/domain/record_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tidemark::publisher {
namespace {

constexpr std::string_view kSecret = "0123456789012345678901234567890 1";

// Computed with Python's hmac. Another name would leave the objects of running publishers behind.
TEST(RecordObjectTest, NamesAreTheSameForEver) {
  EXPECT_EQ(RecordObjectName(kSecret, "us-east-1:pool", "us-east-1:id",
                             {"prefs", ChangeKind::kUpdate, 7, 3}),
            "b0bfc5f6bfbdcebd0048ac86d518d4f0f49052889a35af51c851606af300cbe3.json");
  EXPECT_EQ(RecordObjectName(kSecret, "us-east-1:pool", "us-east-1:id",
                             {"prefs", ChangeKind::kSnapshot, 7, 3}),
            "d3ddca92562a0805dff05e93b69147f69db820392cb309536d47fbc4614242b5.json");
  EXPECT_EQ(RecordObjectName(kSecret, "us-east-1:pool", "us-east-1:id",
                             {"m\xC3\xA9,1:2", ChangeKind::kUpdate, INT64_MAX, 0}),
            "083c3894923d7ac9b6c4a15abdcf73aca15adee7859ea9201bd285dafd6c8c4b.json");
}

TEST(RecordObjectTest, DifferentChangesAndSecretsHaveDifferentNames) {
  const ChangeIdentity change{"d", ChangeKind::kUpdate, 1, 1};
  const std::set<std::string> names = {
      RecordObjectName(kSecret, "p", "i", change),
      RecordObjectName("another", "p", "i", change),
      RecordObjectName(kSecret, "q", "i", change),
      RecordObjectName(kSecret, "p", "j", change),
      RecordObjectName(kSecret, "pi", "", change),
      RecordObjectName(kSecret, "p", "i1:d", change),
      RecordObjectName(kSecret, "p", "i", {"e", ChangeKind::kUpdate, 1, 1}),
      RecordObjectName(kSecret, "p", "i", {"d", ChangeKind::kSnapshot, 1, 1}),
      RecordObjectName(kSecret, "p", "i", {"d", ChangeKind::kUpdate, 2, 1}),
      RecordObjectName(kSecret, "p", "i", {"d", ChangeKind::kUpdate, 1, 2}),
  };
  EXPECT_EQ(names.size(), 10U);
}

}  // namespace
}  // namespace tidemark::publisher

#include "common/errors/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::errors {
namespace {

using ::testing::HasSubstr;

TEST(ErrorTest, CarriesReasonAndMetadata) {
  const absl::Status status = Error(absl::StatusCode::kAborted, v1::ERROR_REASON_STALE_SYNC_COUNT,
                                    "a record changed", {{"conflicts", "2"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_STALE_SYNC_COUNT);
  EXPECT_EQ(MetadataOf(status, "conflicts"), "2");
  EXPECT_EQ(MetadataOf(status, "absent"), "");
}

TEST(ErrorTest, AStatusWithoutDetailsHasNoReason) {
  EXPECT_EQ(ReasonOf(absl::InternalError("boom")), v1::ERROR_REASON_UNSPECIFIED);
}

TEST(ErrorTest, SurvivesTheProtoAndBack) {
  const absl::Status status =
      WithRetryDelay(InvalidFields({{"key", "empty: 1 to 1024 bytes"}}), absl::Milliseconds(1500));
  EXPECT_EQ(FromProto(ToProto(status)), status);
  ASSERT_EQ(ViolationsOf(status).size(), 1u);
  EXPECT_EQ(ViolationsOf(status)[0].field, "key");
  EXPECT_THAT(std::string(status.message()), HasSubstr("key: empty"));
}

TEST(ErrorTest, NamesAtMostSixteenViolations) {
  EXPECT_EQ(ViolationsOf(InvalidFields(std::vector<FieldViolation>(40, {"f", "d"}))).size(), 16u);
}

TEST(ErrorTest, ExcerptNeverCutsACharacter) {
  EXPECT_EQ(Excerpt("abc", 3), "abc");
  EXPECT_EQ(Excerpt("ab\u00e9", 3), "ab...");
}

}  // namespace
}  // namespace tidemark::errors

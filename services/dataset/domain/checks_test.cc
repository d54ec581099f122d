#include "services/dataset/domain/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::dataset {
namespace {

using errors::Violations;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ChecksTest, IdsAreLowerCaseHex) {
  EXPECT_TRUE(errors::IsId("us-east-1:0a-f"));
  EXPECT_FALSE(errors::IsId("us-east-1:0A"));
  EXPECT_FALSE(errors::IsId(":0a"));
  EXPECT_FALSE(errors::IsId("us-east-1:"));
  EXPECT_FALSE(errors::IsId("us-east-1"));
  EXPECT_FALSE(errors::IsId("a:b:c"));
  EXPECT_TRUE(errors::IsId("a:" + std::string(53, 'f')));
  EXPECT_FALSE(errors::IsId("a:" + std::string(54, 'f')));
}

TEST(ChecksTest, KeysValuesAndDevices) {
  Violations fine;
  CheckKey("key", std::string(1024, 'k'), fine);
  CheckValue("value", std::string(1'048'575, 'v'), fine);
  CheckValue("value", std::string("\0", 1), fine);
  CheckDeviceId("device_id", std::string(256, 'd'), fine);
  CheckSyncCount("sync_count", 0, fine);
  EXPECT_TRUE(fine.empty());

  Violations faults;
  CheckKey("key", "", faults);
  CheckKey("key", std::string(1025, 'k'), faults);
  CheckKey("key", std::string_view("a\0", 2), faults);
  CheckValue("value", std::string(1'048'576, 'v'), faults);
  CheckDeviceId("device_id", std::string(257, 'd'), faults);
  CheckSyncCount("sync_count", -1, faults);
  EXPECT_EQ(errors::ViolationsOf(faults.ToStatus()).size(), 6u);
}

TEST(ChecksTest, AViolationNamesFieldValueAndBound) {
  Violations violations;
  CheckKey("key", std::string(1025, 'n'), violations);
  const errors::FieldViolation violation = errors::ViolationsOf(violations.ToStatus())[0];
  EXPECT_EQ(violation.field, "key");
  EXPECT_THAT(violation.description, AllOf(HasSubstr("nnn"), HasSubstr("1025"), HasSubstr("1024")));
}

TEST(ChecksTest, EachKeyOnce) {
  Violations violations;
  CheckPatches("record_patches", {{.key = "a"}, {.key = "b"}, {.key = "a"}}, violations);
  EXPECT_EQ(errors::ViolationsOf(violations.ToStatus())[0].field, "record_patches[2].key");
}

TEST(ChecksTest, PageSizesAreClamped) {
  Violations violations;
  EXPECT_EQ(errors::CheckPageSize("page_size", 0, 60, violations), 60);
  EXPECT_EQ(errors::CheckPageSize("page_size", 5000, 60, violations), 1024);
  EXPECT_TRUE(violations.empty());
  errors::CheckPageSize("page_size", -1, 60, violations);
  EXPECT_FALSE(violations.empty());
}

}  // namespace
}  // namespace tidemark::dataset

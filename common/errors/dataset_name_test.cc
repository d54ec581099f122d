#include "common/errors/dataset_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/errors/error.h"

namespace tidemark::errors {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

bool NameOk(std::string_view name) {
  Violations violations;
  CheckDatasetName("dataset_name", name, violations);
  return violations.empty();
}

TEST(DatasetNameTest, Characters) {
  EXPECT_TRUE(NameOk("a"));
  EXPECT_TRUE(NameOk("org.gnome:desktop_x-1"));
  EXPECT_TRUE(NameOk(std::string(128, 'n')));
  EXPECT_FALSE(NameOk(std::string(129, 'n')));
  EXPECT_FALSE(NameOk(""));
  EXPECT_FALSE(NameOk("a b"));
  EXPECT_FALSE(NameOk("a/b"));
  EXPECT_FALSE(NameOk(std::string_view("a\0b", 3)));
  EXPECT_FALSE(NameOk("\xC3\xA9"));
}

TEST(DatasetNameTest, LongNamesOnlyAsMergedCopies) {
  const std::string id = "us-east-1:00000000-0000-0000-0000-000000000000";
  EXPECT_TRUE(NameOk(std::string(128, 'n') + "." + id));
  EXPECT_FALSE(NameOk(std::string(129, 'n') + "." + id));
  EXPECT_FALSE(NameOk(std::string(128, 'n') + ".not-an-id"));
}

TEST(DatasetNameTest, AViolationNamesFieldValueAndBound) {
  Violations violations;
  CheckDatasetName("dataset_name", std::string(129, 'n'), violations);
  const FieldViolation violation = ViolationsOf(violations.ToStatus())[0];
  EXPECT_EQ(violation.field, "dataset_name");
  EXPECT_THAT(violation.description, AllOf(HasSubstr("nnn"), HasSubstr("129"), HasSubstr("128")));
}

}  // namespace
}  // namespace tidemark::errors

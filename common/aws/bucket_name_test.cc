#include "common/aws/bucket_name.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemark::aws {
namespace {

TEST(BucketNameTest, TakesAmazonsNamesAndNoOthers) {
  for (const std::string& name :
       {std::string("abc"), std::string("tidemark-events"), std::string("a.b-c.9"),
        std::string("1.2.3"), std::string(63, 'a')}) {
    EXPECT_TRUE(CheckBucketName(name).ok()) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("ab"), std::string(64, 'a'), std::string("Events"),
        std::string("a_b"), std::string("-ab"), std::string("ab-"), std::string("a..b"),
        std::string(".ab"), std::string("a.-b"), std::string("ab/c"), std::string("a b"),
        std::string("10.0.0.1"), std::string("\xC3\xA9t\xC3\xA9")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckBucketName(name))) << name;
  }
}

}  // namespace
}  // namespace tidemark::aws

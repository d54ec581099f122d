#include "services/push/domain/applications.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/errors/error.h"

namespace tidemark::push {
namespace {

const std::vector<std::string> kApplications = {
    "arn:aws:sns:us-east-1:123456789012:app/GCM/first",
    "arn:aws:sns:us-east-1:123456789012:app/APNS_SANDBOX/APNS",
    "arn:aws:sns:us-east-1:123456789012:app/GCM/second",
};

TEST(ApplicationsTest, TheFirstOfThePlatformIsUsed) {
  EXPECT_EQ(ApplicationFor(Platform::kGcm, kApplications, "r:1").value(), kApplications[0]);
  EXPECT_EQ(ApplicationFor(Platform::kApnsSandbox, kApplications, "r:1").value(), kApplications[1]);
}

TEST(ApplicationsTest, APlatformWithoutOneIsNamed) {
  for (const Platform platform : {Platform::kApns, Platform::kAdm}) {
    const absl::Status status = ApplicationFor(platform, kApplications, "r:1").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED);
    EXPECT_EQ(errors::MetadataOf(status, "identityPoolId"), "r:1");
    EXPECT_EQ(errors::MetadataOf(status, "platform"), PlatformName(platform));
  }
}

TEST(ApplicationsTest, APoolWithoutAnyIsNotConfigured) {
  const absl::Status status = ApplicationFor(Platform::kGcm, {}, "r:1").status();
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED);
  EXPECT_EQ(errors::MetadataOf(status, "platform"), "");
  EXPECT_EQ(RequireApplications({}, "r:1"), status);
  EXPECT_TRUE(RequireApplications(kApplications, "r:1").ok());
}

}  // namespace
}  // namespace tidemark::push

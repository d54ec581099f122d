// Requests that no well-behaved client sends: each gets its documented error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/push/rpc/testing/rpc_fixture.h"

namespace tidemark::push {
namespace {

using errors::ReasonOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const auto& violation : errors::ViolationsOf(status)) fields.push_back(violation.field);
  return fields;
}

class BadInputTest : public PushRpcTest {};

TEST_F(BadInputTest, EveryFieldThatBreaksItsBoundsIsNamed) {
  EXPECT_THAT(FieldsOf(Register("", "b", v1::PLATFORM_UNSPECIFIED, "a").status()),
              ElementsAre("identity_pool_id", "identity_id", "platform", "token"));
  EXPECT_THAT(FieldsOf(Subscribe("", "no name")), ElementsAre("device_id", "dataset_name"));
  EXPECT_THAT(FieldsOf(Unsubscribe(std::string(257, 'x'), "")),
              ElementsAre("device_id", "dataset_name"));
  EXPECT_THAT(FieldsOf(SubscribeToAll("")), ElementsAre("device_id"));
  EXPECT_THAT(FieldsOf(Deregister("")), ElementsAre("device_id"));
  EXPECT_THAT(FieldsOf(List("", "").status()), ElementsAre("identity_pool_id", "identity_id"));
  EXPECT_TRUE(endpoints_.asked().empty());
}

TEST_F(BadInputTest, TokensAreTakenAsTheyAreUpTo4KiB) {
  for (const std::string& token :
       {std::string("a&b=c%20+<>'\""), std::string("caf\xC3\xA9 \xF0\x9F\x98\x80"),
        std::string(4096, 'x')}) {
    EXPECT_TRUE(Register(token).ok());
    EXPECT_EQ(endpoints_.asked().back().token, token);
  }
  for (const std::string& token :
       {std::string(4097, 'x'), std::string("a\nb"), std::string(1, 0)}) {
    EXPECT_THAT(FieldsOf(Register(token).status()), ElementsAre("token"));
  }
  const std::string apple(64, 'A');
  EXPECT_TRUE(Register(apple, kIdentity, v1::PLATFORM_APNS).ok());
  EXPECT_THAT(FieldsOf(Register("token", kIdentity, v1::PLATFORM_APNS).status()),
              ElementsAre("token"));
}

TEST_F(BadInputTest, PlatformsThatAreNoneOrNotThePools) {
  for (const int platform : {0, 5, -1, 1000}) {
    EXPECT_THAT(FieldsOf(Register("t", kIdentity, static_cast<v1::Platform>(platform)).status()),
                ElementsAre("platform"));
  }
  for (const v1::Platform platform : {v1::PLATFORM_ADM, v1::PLATFORM_APNS_SANDBOX}) {
    const absl::Status status = Register(std::string(64, 'a'), kIdentity, platform).status();
    EXPECT_EQ(ReasonOf(status), errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED);
    EXPECT_EQ(errors::MetadataOf(status, "identityPoolId"), kPool);
    EXPECT_NE(errors::MetadataOf(status, "platform"), "");
  }
}

TEST_F(BadInputTest, PoolsThatAreUnknownOrHaveNoPush) {
  const absl::Status bare = Register("t", kIdentity, v1::PLATFORM_GCM, kBare).status();
  EXPECT_EQ(ReasonOf(bare), errors::v1::ERROR_REASON_PUSH_NOT_CONFIGURED);
  EXPECT_EQ(errors::MetadataOf(bare, "platform"), "");
  EXPECT_EQ(ReasonOf(Register("t", kIdentity, v1::PLATFORM_GCM, "us-east-1:ff").status()),
            errors::v1::ERROR_REASON_POOL_NOT_FOUND);
  EXPECT_EQ(ReasonOf(List(kIdentity, "us-east-1:ff").status()),
            errors::v1::ERROR_REASON_POOL_NOT_FOUND);
}

TEST_F(BadInputTest, DevicesThatAreNone) {
  for (const std::string& id :
       {std::string("x"), std::string("00000000-0000-0000-0000-000000000000"),
        std::string(256, 'x'), std::string("' OR 1=1 --")}) {
    for (const absl::Status& status :
         {Subscribe(id), Unsubscribe(id), SubscribeToAll(id), Deregister(id)}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
      EXPECT_EQ(ReasonOf(status), errors::v1::ERROR_REASON_DEVICE_NOT_FOUND);
      EXPECT_EQ(errors::MetadataOf(status, "deviceId"), id);
    }
  }
}

TEST_F(BadInputTest, TargetsOfWhatIsNoDataset) {
  principal_ = "";
  EXPECT_THAT(FieldsOf(Resolve({}).status()), ElementsAre("datasets"));
  v1::ResolveTargetsRequest request;
  AddChange(request, kIdentity);
  AddChange(request, "x", "no name", "", "");
  EXPECT_THAT(FieldsOf(Resolve(request).status()),
              ElementsAre("datasets[1].identity_pool_id", "datasets[1].identity_id",
                          "datasets[1].dataset_name"));
  request.Clear();
  for (int i = 0; i < 1025; ++i) AddChange(request, kIdentity);
  const absl::Status status = Resolve(request).status();
  ASSERT_THAT(FieldsOf(status), ElementsAre("datasets"));
  EXPECT_THAT(errors::ViolationsOf(status)[0].description, HasSubstr("1025 items; 1 to 1024"));
  request.mutable_datasets()->RemoveLast();
  EXPECT_EQ(Resolve(request)->datasets_size(), 1024);
}

TEST_F(BadInputTest, ReportsThatSayNothing) {
  principal_ = "";
  EXPECT_THAT(FieldsOf(Report({}).status()), ElementsAre("reports"));
  for (const int state : {0, 1, 4}) {
    v1::ReportEndpointsRequest request;
    v1::EndpointReport& report = *request.add_reports();
    report.set_identity_pool_id(kPool);
    report.set_identity_id(kIdentity);
    report.set_device_id("x");
    report.set_state(static_cast<v1::EndpointState>(state));
    EXPECT_THAT(FieldsOf(Report(request).status()), ElementsAre("reports[0].state"));
  }
}

TEST_F(BadInputTest, SettingsThatAreNone) {
  principal_ = "";
  v1::CheckSettingsRequest request;
  EXPECT_THAT(FieldsOf(Check(request).status()), ElementsAre("application_arns"));
  request.add_application_arns("arn:aws:sns:us-east-1:1:topic");
  request.add_application_arns(absl::StrCat(kGcm, std::string(512, 'x')));
  request.set_role_arn("me");
  request.set_role_external_id("short");
  EXPECT_THAT(
      FieldsOf(Check(request).status()),
      ElementsAre("application_arns[0]", "application_arns[1]", "role_arn", "role_external_id"));
  EXPECT_THAT(endpoints_.checked, SizeIs(0));
}

}  // namespace
}  // namespace tidemark::push

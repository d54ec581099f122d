#include "services/stream_config/domain/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tidemark::stream_config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Check = std::function<void(std::string_view field, std::string_view, errors::Violations&)>;

// What `check` finds wrong with `value`, as "field: description".
std::vector<std::string> Find(const Check& check, std::string_view value) {
  errors::Violations violations;
  check("f", value, violations);
  std::vector<std::string> found;
  for (const auto& [field, description] : errors::ViolationsOf(violations.ToStatus())) {
    found.push_back(absl::StrCat(field, ": ", description));
  }
  return found;
}

std::string A(std::size_t count) { return std::string(count, 'a'); }

TEST(ChecksTest, DisplayNamesCountCharactersAndNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 128; ++i) umlauts += "\u00fc";
  EXPECT_THAT(Find(CheckDisplayName, ""), IsEmpty());
  EXPECT_THAT(Find(CheckDisplayName, umlauts), IsEmpty());
  EXPECT_THAT(Find(CheckDisplayName, umlauts + "x"),
              ElementsAre(HasSubstr("has 129 characters: 0 to 128 are allowed")));
  EXPECT_THAT(Find(CheckDisplayName, std::string_view("a\0b", 3)),
              ElementsAre(HasSubstr("U+0000")));
}

TEST(ChecksTest, StreamNamesHaveTheirPatternAndBounds) {
  EXPECT_THAT(Find(CheckStreamName, ""), IsEmpty());
  EXPECT_THAT(Find(CheckStreamName, "a.B_9-"), IsEmpty());
  EXPECT_THAT(Find(CheckStreamName, A(128)), IsEmpty());
  EXPECT_THAT(Find(CheckStreamName, A(129)), ElementsAre(HasSubstr("1 to 128")));
  EXPECT_THAT(Find(CheckStreamName, "a b"), ElementsAre(HasSubstr("[a-zA-Z0-9_.-]+")));
  EXPECT_THAT(Find(CheckStreamName, "a:b"), ElementsAre(HasSubstr("does not match")));
}

TEST(ChecksTest, RoleArnsHaveTheirPatternAndBounds) {
  const std::string head = "arn:aws:iam::1:role/";
  ASSERT_EQ(head.size(), 20u);
  EXPECT_THAT(Find(CheckRoleArn, ""), IsEmpty());
  EXPECT_THAT(Find(CheckRoleArn, head), IsEmpty());
  EXPECT_THAT(Find(CheckRoleArn, "arn:aws:iam::123456789012:role/path/Name:1"), IsEmpty());
  EXPECT_THAT(Find(CheckRoleArn, head + A(2028)), IsEmpty());
  EXPECT_THAT(Find(CheckRoleArn, head + A(2029)), ElementsAre(HasSubstr("20 to 2048")));
  EXPECT_THAT(Find(CheckRoleArn, "arn:aws:iam::1:role"), ElementsAre(HasSubstr("19 characters")));
  for (const char* bad :
       {"arn:aws:iam:us-east-1:123456789012:role/x", "arn:aws:iam::12345678901x:role/x",
        "arn:aws:iam:::role/xxxxxxxxxx", "arn:aws:iam::123456789012:user/x",
        "arn:aws-cn:iam::123456789012:role/x", "xarn:aws:iam::123456789012:role/x",
        "arn:aws:iam::123456789012:role/a\nb"}) {
    EXPECT_THAT(Find(CheckRoleArn, bad), ElementsAre(HasSubstr("arn:aws:iam::\\d+:role/.*")))
        << bad;
  }
}

TEST(ChecksTest, PushNamesEveryBadApplicationByItsPlace) {
  const std::string good = "arn:aws:sns:us-east-1:123456789012:app/APNS_SANDBOX/My.App_1-2";
  const auto find = [](const PushSettings& push) {
    return Find(
        [&push](std::string_view field, std::string_view, errors::Violations& violations) {
          CheckPush(field, push, "us-east-1", violations);
        },
        "");
  };
  EXPECT_THAT(find({}), IsEmpty());
  EXPECT_THAT(find({.application_arns = std::vector<std::string>(16, good)}), IsEmpty());
  EXPECT_THAT(find({.application_arns = std::vector<std::string>(17, good)}),
              ElementsAre("f.application_arns: 17 entries: 0 to 16 are allowed"));
  EXPECT_THAT(find({.application_arns = {good, "arn:aws:sns:us-east-1:1:app/apns/x", ""},
                    .role_arn = "role"}),
              ElementsAre(HasSubstr("f.application_arns[1]: "),
                          HasSubstr("f.application_arns[2]: '' has 0 characters"),
                          HasSubstr("f.role_arn: 'role' has 4 characters")));
  for (const char* bad : {"arn:aws:sns:US:1:app/GCM/x", "arn:aws:sns:us-east-1:1:app/GCM/",
                          "arn:aws:sns:us-east-1:1:app/GCM/a/b", "arn:aws:sns:us-east-1:1:app//x",
                          "arn:aws:sns::1:app/GCM/x", "arn:aws:sns:us-east-1:1:topic",
                          "arn:aws:sqs:us-east-1:1:app/GCM/x"}) {
    EXPECT_THAT(find({.application_arns = {bad}}), ElementsAre(HasSubstr("does not match"))) << bad;
  }
  const std::string head = "arn:aws:sns:us-east-1:1:app/GCM/";
  EXPECT_THAT(find({.application_arns = {head + A(512 - head.size())}}), IsEmpty());
  EXPECT_THAT(find({.application_arns = {head + A(513 - head.size())}}),
              ElementsAre(HasSubstr("1 to 512")));
}

TEST(ChecksTest, ApplicationsAreOfTheInstallationsRegionAndTheRolesAccount) {
  const auto find = [](const PushSettings& push) {
    return Find(
        [&push](std::string_view field, std::string_view, errors::Violations& violations) {
          CheckPush(field, push, "us-east-1", violations);
        },
        "");
  };
  const std::string here = "arn:aws:sns:us-east-1:1:app/GCM/x";
  const std::string foreign = "arn:aws:sns:us-east-1:2:app/ADM/x";
  const std::string away = "arn:aws:sns:eu-west-1:1:app/GCM/x";
  EXPECT_THAT(find({.application_arns = {here, foreign}}), IsEmpty());
  EXPECT_THAT(find({.application_arns = {here}, .role_arn = "arn:aws:iam::1:role/Push"}),
              IsEmpty());
  EXPECT_THAT(find({.application_arns = {here, foreign}, .role_arn = "arn:aws:iam::1:role/Push"}),
              ElementsAre("f.application_arns[1]: '2' is not the account of the role, '1'"));
  EXPECT_THAT(find({.application_arns = {away}}),
              ElementsAre("f.application_arns[0]: 'eu-west-1' is not the region of this "
                          "installation, 'us-east-1'"));
  EXPECT_THAT(find({.application_arns = {foreign}, .role_arn = "role"}),
              ElementsAre(HasSubstr("f.role_arn: ")))
      << "which has no account to compare with";
}

TEST(ChecksTest, AFunctionIsOfTheInstallationsRegion) {
  const Check check = [](std::string_view field, std::string_view arn,
                         errors::Violations& violations) {
    CheckEvents(field, {{"SyncTrigger", std::string(arn)}}, "us-east-1", violations);
  };
  EXPECT_THAT(Find(check, "arn:aws:lambda:us-east-1:2:function:f"), IsEmpty());
  EXPECT_THAT(Find(check, "arn:aws:lambda:eu-west-1:2:function:f"),
              ElementsAre("f.functions[SyncTrigger]: 'eu-west-1' is not the region of this "
                          "installation, 'us-east-1'"));
}

TEST(ChecksTest, EventsHoldOneFunctionForTheSyncTrigger) {
  const std::string arn = "arn:aws:lambda:us-east-1:123456789012:function:my-function";
  const auto find = [](const std::map<std::string, std::string>& events) {
    return Find(
        [&events](std::string_view field, std::string_view, errors::Violations& violations) {
          CheckEvents(field, events, "us-east-1", violations);
        },
        "");
  };
  EXPECT_THAT(find({}), IsEmpty());
  EXPECT_THAT(find({{"SyncTrigger", arn}}), IsEmpty());
  EXPECT_THAT(find({{"SyncTrigger", arn + ":$LATEST"}}), IsEmpty());
  EXPECT_THAT(find({{"SyncTrigger", ""}}), IsEmpty());
  EXPECT_THAT(find({{"SyncTrigger", arn}, {"Other", arn}}),
              ElementsAre("f.functions: 2 entries: 0 to 1 are allowed",
                          "f.functions: 'Other' is no event type; SyncTrigger is"));
  for (const std::string& bad : {std::string("my-function"), arn + ":", arn + ":a:b",
                                 std::string("arn:aws:lambda:us-east-1:1:layer:x"),
                                 std::string("arn:aws:lambda:us-east-1:x:function:f"),
                                 std::string("arn:aws:lambda:us-east-1:1:function:")}) {
    EXPECT_THAT(
        find({{"SyncTrigger", bad}}),
        ElementsAre(AllOf(HasSubstr("f.functions[SyncTrigger]"), HasSubstr("does not match"))))
        << bad;
  }
}

TEST(ChecksTest, LimitsAreZeroOrInTheirRanges) {
  struct Row {
    const char* field;
    std::function<void(Limits&, std::int64_t)> set;
    std::int64_t least;
    std::int64_t most;
  };
  const auto narrow = [](std::int32_t Limits::*member) {
    return [member](Limits& limits, std::int64_t value) {
      limits.*member = static_cast<std::int32_t>(value);
    };
  };
  const std::vector<Row> rows = {
      {"datasets_per_identity", narrow(&Limits::datasets_per_identity), 1, 1000},
      {"records_per_dataset", narrow(&Limits::records_per_dataset), 1, 16384},
      {"bytes_per_dataset", [](Limits& limits, std::int64_t v) { limits.bytes_per_dataset = v; },
       1024, 16777216},
      {"keys_per_dataset", narrow(&Limits::keys_per_dataset), 1, 65536},
      {"dataset_names_per_identity", narrow(&Limits::dataset_names_per_identity), 1, 10000},
  };
  for (const Row& row : rows) {
    const auto find = [&row](std::int64_t value) {
      Limits limits;
      row.set(limits, value);
      return Find(
          [&limits](std::string_view field, std::string_view, errors::Violations& violations) {
            CheckLimits(field, limits, violations);
          },
          "");
    };
    for (const std::int64_t good : {std::int64_t{0}, row.least, row.most}) {
      EXPECT_THAT(find(good), IsEmpty()) << row.field << " " << good;
    }
    for (const std::int64_t bad : {std::int64_t{-1}, row.most + 1}) {
      EXPECT_THAT(find(bad), ElementsAre(absl::StrCat("f.", row.field, ": ", bad,
                                                      " is not 0 (the default) or ", row.least,
                                                      " to ", row.most)));
    }
  }
}

TEST(ChecksTest, ReasonsAreNotEmptyAndBounded) {
  EXPECT_THAT(Find(CheckReason, ""), ElementsAre(HasSubstr("1 to 1024")));
  EXPECT_THAT(Find(CheckReason, A(1024)), IsEmpty());
  EXPECT_THAT(Find(CheckReason, A(1025)), ElementsAre(HasSubstr("has 1025 characters")));
}

TEST(ChecksTest, LongValuesAreCutInTheMessage) {
  EXPECT_THAT(Find(CheckStreamName, A(5000)),
              ElementsAre(AllOf(HasSubstr(absl::StrCat("'", A(64), "...'")),
                                ::testing::Not(HasSubstr(A(65))))));
}

}  // namespace
}  // namespace tidemark::stream_config

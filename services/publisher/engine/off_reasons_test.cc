#include "services/publisher/engine/off_reasons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::publisher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(OffReasonsTest, SayWhatToDo) {
  const DestinationConfig destination{.stream_name = "changes",
                                      .role_arn = "arn:aws:iam::1:role/r",
                                      .external_id = "0123456789abcdef0123456789abcdef"};
  EXPECT_THAT(StreamMissingReason(destination),
              AllOf(HasSubstr("changes does not exist"), HasSubstr("Create it"),
                    HasSubstr("enable it again with resume")));
  EXPECT_THAT(
      RoleRefusedReason(destination),
      AllOf(HasSubstr("arn:aws:iam::1:role/r"), HasSubstr("exists"), HasSubstr("trust policy"),
            HasSubstr(destination.external_id), HasSubstr("enable it again with resume")));
}

TEST(OffReasonsTest, FitTheSettings) {
  const DestinationConfig longest{.stream_name = std::string(128, 's'),
                                  .role_arn = std::string(2048, 'r'),
                                  .external_id = std::string(32, 'e')};
  EXPECT_LE(StreamMissingReason(longest).size(), 1024u);
  EXPECT_LE(RoleRefusedReason(longest).size(), 1024u);
}

}  // namespace
}  // namespace tidemark::publisher

#include "services/publisher/domain/checks.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace tidemark::publisher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// What is wrong with it; empty if nothing is.
std::string Positions(const std::vector<Position>& positions) {
  errors::Violations violations;
  CheckPositions("positions", positions, violations);
  return std::string(violations.ToStatus().message());
}

std::string Reason(const std::string& reason) {
  errors::Violations violations;
  CheckPauseReason("reason", reason, violations);
  return std::string(violations.ToStatus().message());
}

TEST(ChecksTest, PositionsAreFromOneAndAtMostAThousand) {
  EXPECT_EQ(Positions({}), "");
  EXPECT_EQ(Positions(std::vector<Position>(1000, 1)), "");
  EXPECT_THAT(Positions(std::vector<Position>(1001, 1)),
              AllOf(HasSubstr("1001"), HasSubstr("1000")));
  EXPECT_THAT(Positions({4, 0}),
              AllOf(HasSubstr("positions[1]"), HasSubstr("0 is"), HasSubstr("from 1")));
  EXPECT_THAT(Positions({-7}), AllOf(HasSubstr("positions[0]"), HasSubstr("-7")));
}

TEST(ChecksTest, AReasonIsALineOfAtMost256Characters) {
  EXPECT_EQ(Reason(""), "");
  std::string umlauts;
  for (int i = 0; i < 256; ++i) umlauts += "ü";
  EXPECT_EQ(Reason(umlauts), "");
  EXPECT_THAT(Reason(umlauts + "x"), AllOf(HasSubstr("257"), HasSubstr("256")));
  for (const char control : {'\0', '\n', '\x1f', '\x7f'}) {
    EXPECT_THAT(Reason(std::string("ab") + control),
                AllOf(HasSubstr("control character"), HasSubstr("byte 2")));
  }
}

}  // namespace
}  // namespace tidemark::publisher

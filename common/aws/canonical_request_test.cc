#include "common/aws/canonical_request.h"

#include <gtest/gtest.h>

#include <array>

namespace tidemark::aws {
namespace {

// The example of AWS's "Create a signed AWS API request" page, with its stray spaces.
TEST(CanonicalRequestTest, MatchesTheDocumentedExample) {
  const std::array<HeaderView, 4> headers = {{
      {"X-Amz-Date", "20150830T123600Z"},
      {"Host", "iam.amazonaws.com"},
      {"User-Agent", "unsigned"},
      {"Content-Type", "application/x-www-form-urlencoded;   charset=utf-8 "},
  }};
  const RequestView request{.method = "GET",
                            .target = "/?Version=2010-05-08&Action=ListUsers",
                            .headers = headers,
                            .body = ""};
  const std::array<std::string_view, 3> names = {"content-type", "host", "x-amz-date"};
  std::string text;
  AppendCanonicalRequest(request, names, PathRule::kEncodeAgain, "HASH", text);
  EXPECT_EQ(text,
            "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
            "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
            "host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
            "content-type;host;x-amz-date\nHASH");
}

TEST(CanonicalRequestTest, JoinsRepeatedHeadersAndLeavesAbsentOnesEmpty) {
  const std::array<HeaderView, 3> headers = {{{"A", " 1\t 2 "}, {"b", "x"}, {"a", "3"}}};
  const RequestView request{.method = "POST", .target = "/p", .headers = headers, .body = ""};
  const std::array<std::string_view, 3> names = {"a", "b", "c"};
  std::string text;
  AppendCanonicalRequest(request, names, PathRule::kAsSent, "H", text);
  EXPECT_EQ(text, "POST\n/p\n\na:1 2,3\nb:x\nc:\n\na;b;c\nH");
}

}  // namespace
}  // namespace tidemark::aws

#include "services/gateway/wire/request_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/gateway/wire/amazon_error.h"

namespace tidemark::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::StartsWith;

TEST(RequestTargetTest, SplitsBeforeDecoding) {
  const RequestTarget target = SplitTarget("/a%2Fb/c?d=/e?f");
  EXPECT_THAT(target.segments, ElementsAre("a%2Fb", "c"));
  EXPECT_EQ(target.query, "d=/e?f");
  EXPECT_THAT(SplitTarget("/").segments, ElementsAre(""));
  EXPECT_THAT(SplitTarget("/a//b/").segments, ElementsAre("a", "", "b", ""));
  EXPECT_THAT(SplitTarget("/a?").segments, ElementsAre("a"));
}

TEST(RequestTargetTest, DecodesSegments) {
  EXPECT_EQ(DecodeSegment("Id", "us-east-1%3Aab").value(), "us-east-1:ab");
  EXPECT_EQ(DecodeSegment("Id", "us-east-1:ab").value(), "us-east-1:ab");
  EXPECT_EQ(DecodeSegment("Id", "a%2fb%2Fc").value(), "a/b/c");
  EXPECT_EQ(DecodeSegment("Id", "a+b%25").value(), "a+b%");
  EXPECT_EQ(DecodeSegment("Id", "%C3%A9").value(), "\u00e9");
  EXPECT_EQ(DecodeSegment("Id", "%2E%2e").value(), "..");
  EXPECT_EQ(DecodeSegment("Id", "").value(), "");
}

TEST(RequestTargetTest, RefusesBadSegments) {
  for (const std::string_view segment : {"%", "a%4", "%zz", "%%41", "%FF", "\xff", ".", ".."}) {
    const auto decoded = DecodeSegment("DatasetName", segment);
    ASSERT_FALSE(decoded.ok()) << segment;
    const AmazonError error = ToAmazonError(decoded.status());
    EXPECT_EQ(error.name, ErrorName::kInvalidParameter);
    EXPECT_THAT(error.message, HasSubstr("DatasetName"));
  }
}

TEST(QueryParametersTest, FindsAndDecodes) {
  const QueryParameters query("b=2&a=x%20y%2Bz+w&empty=&bare&%63=3&unknown=1&unknown=2");
  EXPECT_THAT(query.Text("a").value(), Optional(std::string("x y+z w")));
  EXPECT_THAT(query.Text("empty").value(), Optional(std::string()));
  EXPECT_THAT(query.Text("bare").value(), Optional(std::string()));
  EXPECT_THAT(query.Integer64("c").value(), Optional(3));
  EXPECT_THAT(query.Text("absent").value(), Eq(std::nullopt));
  EXPECT_THAT(query.Text("A").value(), Eq(std::nullopt));
}

TEST(QueryParametersTest, RefusesBadParameters) {
  const QueryParameters query("twice=1&twice=1&escape=%4&bytes=%ff");
  for (const auto& [name, model] : {std::pair("twice", "Twice: "), std::pair("escape", "Escape: "),
                                    std::pair("bytes", "Bytes: ")}) {
    const auto text = query.Text(name);
    ASSERT_FALSE(text.ok()) << name;
    EXPECT_EQ(ToAmazonError(text.status()).name, ErrorName::kSerialization);
    EXPECT_THAT(ToAmazonError(text.status()).message, StartsWith(model));
  }
}

TEST(QueryParametersTest, NumbersAreWholeAndFit) {
  EXPECT_THAT(QueryParameters("n=-9223372036854775808").Integer64("n").value(),
              Optional(std::numeric_limits<std::int64_t>::min()));
  EXPECT_THAT(QueryParameters("n=2147483647").Integer32("n").value(), Optional(2147483647));
  for (const std::string_view wrong : {"n=", "n=x", "n=1x", "n=1.0", "n=+1", "n=%201", "n=0x1",
                                       "n=9223372036854775808", "n=1e3"}) {
    const auto number = QueryParameters(wrong).Integer64("n");
    ASSERT_FALSE(number.ok()) << wrong;
    EXPECT_EQ(ToAmazonError(number.status()).name, ErrorName::kSerialization);
  }
  EXPECT_FALSE(QueryParameters("n=2147483648").Integer32("n").ok());
}

}  // namespace
}  // namespace tidemark::gateway

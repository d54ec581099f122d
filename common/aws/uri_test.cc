#include "common/aws/uri.h"

#include <gtest/gtest.h>

namespace tidemark::aws {
namespace {

std::string Path(std::string_view wire, PathRule rule = PathRule::kEncodeAgain) {
  std::string out;
  AppendCanonicalPath(wire, rule, out);
  return out;
}

std::string Query(std::string_view wire) {
  std::string out;
  AppendCanonicalQuery(wire, out);
  return out;
}

std::string Decode(std::string_view text, Plus plus) {
  std::string out;
  AppendUriDecoded(text, plus, out);
  return out;
}

TEST(UriTest, EncodesAllButTheUnreservedCharacters) {
  EXPECT_EQ(UriEncode("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(UriEncode(" /:+*\xC3\xA9"), "%20%2F%3A%2B%2A%C3%A9");
  EXPECT_EQ(UriEncode(std::string_view("\0\xFF", 2)), "%00%FF");
}

TEST(UriTest, DecodesAndLeavesAloneWhatIsNotAnEscape) {
  EXPECT_EQ(Decode("%41%3a%3A", Plus::kIsItself), "A::");
  EXPECT_EQ(Decode("100%", Plus::kIsItself), "100%");
  EXPECT_EQ(Decode("%zz%4", Plus::kIsItself), "%zz%4");
  EXPECT_EQ(Decode("a+b", Plus::kIsItself), "a+b");
  EXPECT_EQ(Decode("a+b", Plus::kIsSpace), "a b");
}

TEST(UriTest, EncodesThePathOnceMore) {
  EXPECT_EQ(Path("/identitypools/us-east-1%3Aab"), "/identitypools/us-east-1%253Aab");
  EXPECT_EQ(Path("/identitypools/us-east-1:ab"), "/identitypools/us-east-1%3Aab");
}

TEST(UriTest, NormalizesThePathAsClientsDo) {
  EXPECT_EQ(Path(""), "/");
  EXPECT_EQ(Path("/"), "/");
  EXPECT_EQ(Path("//a///b/"), "/a/b/");
  EXPECT_EQ(Path("/a/./b/../c"), "/a/c");
  EXPECT_EQ(Path("/../../a/.."), "/");
  EXPECT_EQ(Path("/a/..."), "/a/...");
}

TEST(UriTest, NormalizingNeverReachesIntoWhatStoodBefore) {
  std::string out = "GET\n/x";
  AppendCanonicalPath("/../..", PathRule::kEncodeAgain, out);
  EXPECT_EQ(out, "GET\n/x/");
}

TEST(UriTest, LeavesThePathOfAnObjectAsSent) {
  EXPECT_EQ(Path("/b//k/../%3A", PathRule::kAsSent), "/b//k/../%3A");
  EXPECT_EQ(Path("", PathRule::kAsSent), "/");
}

TEST(UriTest, SortsTheQueryByNameThenValue) {
  EXPECT_EQ(Query(""), "");
  EXPECT_EQ(Query("b=2&a=2&a=1&B=0"), "B=0&a=1&a=2&b=2");
  EXPECT_EQ(Query("a-b=1&a=2"), "a=2&a-b=1");
}

TEST(UriTest, GivesAMissingValueAnEqualsSignAndDropsEmptyParameters) {
  EXPECT_EQ(Query("acl"), "acl=");
  EXPECT_EQ(Query("&a=1&&b&"), "a=1&b=");
}

TEST(UriTest, WritesEveryQueryParameterInTheOneEncoding) {
  EXPECT_EQ(Query("t=a%2fb%3D&u=c/d==&v=e+f%20g%2B"), "t=a%2Fb%3D&u=c%2Fd%3D%3D&v=e%20f%20g%2B");
}

}  // namespace
}  // namespace tidemark::aws

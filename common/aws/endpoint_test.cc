#include "common/aws/endpoint.h"

#include <gtest/gtest.h>

namespace tidemark::aws {
namespace {

TEST(EndpointTest, LeavesOutTheSchemesOwnPort) {
  EXPECT_EQ(Endpoint::Parse("http://127.0.0.1:4566")->host(), "127.0.0.1:4566");
  EXPECT_EQ(Endpoint::Parse("http://Fake:80/")->host(), "fake");
  EXPECT_EQ(Endpoint::Parse("https://fake:443")->Url(), "https://fake");
  EXPECT_EQ(Endpoint::Parse("https://fake:80")->Url(), "https://fake:80");
  EXPECT_EQ(Endpoint::Parse("http://[::1]:99")->host(), "[::1]:99");
  EXPECT_EQ(Endpoint::Parse("http://[::1]")->host(), "[::1]");
}

TEST(EndpointTest, NamesAwssOwn) {
  const Endpoint endpoint = Endpoint::OfAws("kinesis", "eu-west-1");
  EXPECT_TRUE(endpoint.tls());
  EXPECT_EQ(endpoint.host(), "kinesis.eu-west-1.amazonaws.com");
}

TEST(EndpointTest, RefusesWhatIsNotSchemeHostAndPort) {
  for (const char* url : {"", "fake", "ftp://fake", "http://", "http:///", "http://a/b",
                          "http://a?b", "http://user@a", "http://a:0", "http://a:65536",
                          "http://a:b", "http://a:", "http://a b", "http://[::1", "http://[]"}) {
    const auto parsed = Endpoint::Parse(url);
    EXPECT_FALSE(parsed.ok()) << url;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace tidemark::aws

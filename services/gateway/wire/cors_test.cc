#include "services/gateway/wire/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string HeadersFor(const Cors& cors, std::string_view origin) {
  HttpResponse response;
  cors.AddHeaders(origin, response);
  return response.headers;
}

TEST(CorsTest, WithoutOriginsNoPageMayCall) {
  const Cors cors = Cors::Parse("").value();
  EXPECT_FALSE(cors.Allows("https://a.example"));
  EXPECT_EQ(HeadersFor(cors, "https://a.example"), "");
}

TEST(CorsTest, AllowsListedOriginsExactly) {
  const Cors cors = Cors::Parse("https://a.example, http://localhost:3000").value();
  EXPECT_TRUE(cors.Allows("https://a.example"));
  EXPECT_TRUE(cors.Allows("http://localhost:3000"));
  for (const std::string_view other :
       {"", "https://b.example", "http://a.example", "https://a.example:8443",
        "https://a.example.evil.example", "https://A.example", "null"}) {
    EXPECT_FALSE(cors.Allows(other)) << other;
  }
  EXPECT_EQ(HeadersFor(cors, "https://a.example"),
            "Vary: Origin\r\nAccess-Control-Allow-Origin: https://a.example\r\n"
            "Access-Control-Expose-Headers: "
            "x-amzn-ErrorType,x-amzn-ErrorMessage,x-amzn-RequestId,Date\r\n");
  EXPECT_EQ(HeadersFor(cors, "https://b.example"), "Vary: Origin\r\n");
}

TEST(CorsTest, AStarAllowsAny) {
  const Cors cors = Cors::Parse("*").value();
  EXPECT_TRUE(cors.Allows("https://anyone.example"));
  EXPECT_FALSE(cors.Allows(""));
  EXPECT_THAT(HeadersFor(cors, "null"), HasSubstr("Access-Control-Allow-Origin: *\r\n"));
}

TEST(CorsTest, RefusesWhatNoBrowserSends) {
  for (const std::string_view list : {"a.example", "https://a.example/", "https://A.example", ",",
                                      "https://*.example", "https://", "https://a b", "**"}) {
    EXPECT_FALSE(Cors::Parse(list).ok()) << list;
  }
}

TEST(CorsTest, PreflightsAllowWhatAmazonsClientsSend) {
  HttpResponse response;
  Cors::AddPreflightHeaders(response);
  EXPECT_THAT(response.headers, HasSubstr("Access-Control-Allow-Methods: GET, POST, DELETE\r\n"));
  for (const std::string_view header :
       {"authorization", "content-type", "x-amz-content-sha256", "x-amz-date",
        "x-amz-security-token", "x-amz-user-agent", "amz-sdk-invocation-id", "amz-sdk-request",
        "x-amz-client-context"}) {
    EXPECT_THAT(response.headers, HasSubstr(header));
  }
  EXPECT_THAT(response.headers, Not(HasSubstr("Credentials")));
}

}  // namespace
}  // namespace tidemark::gateway

#include "common/aws/authorization_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "common/aws/credentials.h"

namespace tidemark::aws {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kSignature(64, 'a');
const std::string kCredential = "Credential=AKID/20150830/us-east-1/cognito-sync/aws4_request";

std::string FaultOf(const std::string& value) {
  const auto parsed = ParseAuthorization(value);
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << value;
  return std::string(parsed.status().message());
}

std::string With(const std::string& credential, const std::string& headers,
                 const std::string& signature) {
  return "AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=" + headers +
         ", Signature=" + signature;
}

TEST(AuthorizationHeaderTest, ReadsTheParts) {
  const std::string value = With(kCredential, "host;x-amz-date", kSignature);
  const auto header = ParseAuthorization(value);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->access_key_id, "AKID");
  EXPECT_EQ(header->scope.day, "20150830");
  EXPECT_EQ(header->scope.region, "us-east-1");
  EXPECT_EQ(header->scope.service, "cognito-sync");
  EXPECT_THAT(header->signed_headers, ElementsAre("host", "x-amz-date"));
  EXPECT_EQ(header->signature, kSignature);
}

TEST(AuthorizationHeaderTest, TakesAnyOrderAndSpacing) {
  EXPECT_TRUE(ParseAuthorization("AWS4-HMAC-SHA256   Signature=" + kSignature +
                                 ",SignedHeaders=host ,  " + kCredential + " ")
                  .ok());
}

TEST(AuthorizationHeaderTest, SaysWhatIsWrong) {
  EXPECT_THAT(FaultOf(""), HasSubstr("scheme"));
  EXPECT_THAT(FaultOf("Bearer x"), HasSubstr("scheme"));
  EXPECT_THAT(FaultOf("AWS4-HMAC-SHA256"), HasSubstr("Credential is missing"));
  EXPECT_THAT(FaultOf("AWS4-HMAC-SHA256 " + kCredential + ", SignedHeaders=host"),
              HasSubstr("Signature is missing"));
  EXPECT_THAT(FaultOf(With(kCredential, "host", kSignature) + ", Extra=1"), HasSubstr("only"));
  EXPECT_THAT(FaultOf(With(kCredential, "host", kSignature) + ", Signature=" + kSignature),
              HasSubstr("Signature is given twice"));
  EXPECT_THAT(FaultOf(With(kCredential, "", kSignature)), HasSubstr("SignedHeaders is empty"));
}

TEST(AuthorizationHeaderTest, RefusesAMalformedCredential) {
  for (const char* value :
       {"AKID", "AKID/20150830/us-east-1/s/aws4_request/x", "/20150830/us-east-1/s/aws4_request",
        "AKID/2015083/us-east-1/s/aws4_request", "AKID/20150830/us-east-1/s/aws3_request"}) {
    FaultOf(With(std::string("Credential=") + value, "host", kSignature));
  }
}

TEST(AuthorizationHeaderTest, RefusesUnsortedRepeatedOrTooManySignedHeaders) {
  FaultOf(With(kCredential, "x-amz-date;host", kSignature));
  FaultOf(With(kCredential, "host;host", kSignature));
  FaultOf(With(kCredential, "Host", kSignature));
  FaultOf(With(kCredential, ";host", kSignature));
  std::string many = "a000";
  for (int i = 1; i <= 64; ++i) many += ";a" + std::to_string(1000 + i);
  EXPECT_THAT(FaultOf(With(kCredential, many, kSignature)), HasSubstr("at most 64"));
}

TEST(AuthorizationHeaderTest, RefusesASignatureThatIsNotHex) {
  FaultOf(With(kCredential, "host", ""));
  FaultOf(With(kCredential, "host", std::string(63, 'a')));
  FaultOf(With(kCredential, "host", std::string(64, 'A')));
  FaultOf(With(kCredential, "host", std::string(64, 'g')));
}

// Any text gives a fault or a header that is whole.
RC_GTEST_PROP(AuthorizationHeaderProperty, SurvivesAnything, ()) {
  const auto piece = rc::gen::oneOf(
      rc::gen::element<std::string>("AWS4-HMAC-SHA256 ", "Credential=", "SignedHeaders=", "host",
                                    ";x-amz-date", "Signature=", kSignature, ", ", ",", "/", "=",
                                    " ", kCredential),
      rc::gen::arbitrary<std::string>());
  std::string text;
  for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  const auto header = ParseAuthorization(text);
  if (!header.ok()) {
    RC_ASSERT(header.status().code() == absl::StatusCode::kInvalidArgument);
    return;
  }
  RC_ASSERT(IsAccessKeyId({header->access_key_id.data(), header->access_key_id.size()}));
  RC_ASSERT(header->signature.size() == 64u);
  RC_ASSERT(!header->signed_headers.empty());
}

// A good header with one byte changed parses to something else, or not at all.
RC_GTEST_PROP(AuthorizationHeaderProperty, EveryByteCounts, ()) {
  std::string value = With(kCredential, "host;x-amz-date", kSignature);
  const auto at = *rc::gen::inRange<std::size_t>(0, value.size());
  const char byte = *rc::gen::arbitrary<char>();
  const char before = value[at];
  value[at] = byte;
  const auto header = ParseAuthorization(value);
  if (!header.ok() || byte == before || before == ' ') return;  // white space may vary
  const std::vector<std::string_view> names(header->signed_headers.begin(),
                                            header->signed_headers.end());
  const bool equal = header->access_key_id == "AKID" && header->scope.day == "20150830" &&
                     header->scope.region == "us-east-1" &&
                     header->scope.service == "cognito-sync" && header->signature == kSignature &&
                     names == std::vector<std::string_view>{"host", "x-amz-date"};
  RC_ASSERT(!equal);
}

}  // namespace
}  // namespace tidemark::aws

// Who gets through, and from which pages.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "services/gateway/wire/testing/gateway_fixture.h"

namespace tidemark::gateway {
namespace {

using ::testing::HasSubstr;

constexpr char kInvalid[] = "InvalidSignatureException";

class GatewayAuthTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    fakes_.dataset.describe_dataset.Answers({});
    fakes_.dataset.update_records.Answers({});
  }

  int calls() const {
    return fakes_.dataset.describe_dataset.calls() + fakes_.dataset.update_records.calls();
  }
};

TEST_F(GatewayAuthTest, LetsSignedRequestsThrough) {
  EXPECT_EQ(Call({"GET", kDataset}).status, 200);
  EXPECT_EQ(Call({"GET", kDataset}, {.time = absl::Now() - absl::Minutes(14)}).status, 200);
  EXPECT_EQ(Call({"GET", kDataset}, {.access_key_id = "AKIDTEMP", .session_token = "token"}).status,
            200);
}

TEST_F(GatewayAuthTest, RefusesAllOthers) {
  ExpectError(Exchange(UnsignedBytes({"GET", kDataset})), 403,
              "MissingAuthenticationTokenException");
  ExpectError(Call({"GET", kDataset}, {.secret = "wrong"}), 403, kInvalid);
  ExpectError(Call({"GET", kDataset}, {.access_key_id = "AKIDNOBODY"}), 403,
              "UnrecognizedClientException");
  ExpectError(Call({"GET", kDataset}, {.session_token = "stray"}), 403,
              "UnrecognizedClientException");
  ExpectError(Call({"GET", kDataset}, {.access_key_id = "AKIDTEMP", .session_token = "other"}), 403,
              "UnrecognizedClientException");
  EXPECT_THAT(ExpectError(Call({"GET", kDataset}, {.region = "eu-west-1"}), 403, kInvalid),
              HasSubstr("us-east-1"));
  EXPECT_THAT(ExpectError(Call({"GET", kDataset}, {.service = "kinesis"}), 403, kInvalid),
              HasSubstr("cognito-sync"));
  for (const absl::Duration skew : {absl::Minutes(16), -absl::Minutes(16)}) {
    ExpectError(Call({"GET", kDataset}, {.time = absl::Now() + skew}), 403, kInvalid);
  }
  ExpectError(Exchange(UnsignedBytes({"GET", kDataset, "", {{"Authorization", "Basic abc"}}})), 400,
              "IncompleteSignatureException");
  EXPECT_EQ(calls(), 0);
}

TEST_F(GatewayAuthTest, RefusesPresignedRequests) {
  const std::string target = absl::StrCat(
      kDataset, "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDTEST&X-Amz-Signature=ab");
  EXPECT_THAT(ExpectError(Exchange(UnsignedBytes({"GET", target})), 403,
                          "MissingAuthenticationTokenException"),
              HasSubstr("presigned"));
}

TEST_F(GatewayAuthTest, RefusesRequestsThatWereChangedOnTheWay) {
  const std::string bytes =
      SignedBytes({"POST", kDataset, R"({"SyncSessionToken":"t"})", {{"X-Amz-Extra", "one"}}});
  ASSERT_EQ(Exchange(bytes).status, 200);
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"t\"", "\"u\""},
                                                        {"/prefs", "/other"},
                                                        {"POST", "DELETE"},
                                                        {"X-Amz-Extra: one", "X-Amz-Extra: two"},
                                                        {" HTTP/1.1", "?a=b HTTP/1.1"},
                                                        {"gateway.test", "other.test"}}) {
    ExpectError(Exchange(absl::StrReplaceAll(bytes, {{from, to}})), 403, kInvalid);
  }
  EXPECT_EQ(calls(), 1);
}

// Signatures leave dot segments out, so a request signed for one path could be sent to another.
TEST_F(GatewayAuthTest, ASignatureHoldsForOnePathOnly) {
  fakes_.dataset.list_datasets.Answers({});
  const std::string list = SignedBytes({"GET", absl::StrCat(kIdentity, "/datasets/")});
  const std::string describe = absl::StrReplaceAll(list, {{"/datasets/ HTTP", "/datasets/. HTTP"}});
  ExpectError(Exchange(describe), 403, kInvalid);
  EXPECT_THAT(ExpectError(Call({"GET", absl::StrCat(kIdentity, "/datasets/.")}), 400,
                          "InvalidParameterException"),
              HasSubstr("percent-encoded"));
  EXPECT_EQ(Call({"GET", absl::StrCat(kIdentity, "/datasets/%2E%2E")}).status, 200);
  EXPECT_EQ(fakes_.dataset.describe_dataset.request()->dataset_name(), "..");
}

TEST_F(GatewayAuthTest, RefusesLargeBodiesOfStrangersUnread) {
  for (const TestSigner& signer :
       {TestSigner{.access_key_id = "AKIDNOBODY"}, TestSigner{.region = "eu-west-1"}}) {
    const std::string bytes = SignedBytes({"POST", kDataset, std::string(1'000'000, ' ')}, signer);
    const RawResponse response = Exchange(bytes.substr(0, bytes.find("\r\n\r\n") + 4));
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(Header(response, "connection"), "close");
  }
  const RawResponse known =
      Call({"POST", kDataset, R"({"SyncSessionToken":"t"})" + std::string(1'000'000, ' ')});
  EXPECT_EQ(known.status, 200);
}

TEST_F(GatewayAuthTest, PagesOfOtherOriginsGetNoLeave) {
  const RawResponse response = Exchange(UnsignedBytes(
      {"OPTIONS",
       kDataset,
       "",
       {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "POST"}}}));
  ExpectError(response, 403, "AccessDeniedException");
  EXPECT_EQ(Header(response, "access-control-allow-origin"), "");
}

TEST_F(GatewayAuthTest, PagesOfConfiguredOriginsMayCallAndReadErrors) {
  const RawResponse preflight =
      Exchange(UnsignedBytes({"OPTIONS",
                              kDataset,
                              "",
                              {{"Origin", "https://app.example"},
                               {"Access-Control-Request-Method", "POST"},
                               {"Access-Control-Request-Headers", "authorization,x-amz-date"}}}));
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(Header(preflight, "access-control-allow-origin"), "https://app.example");
  EXPECT_THAT(Header(preflight, "access-control-allow-headers"), HasSubstr("x-amz-date"));
  EXPECT_THAT(Header(preflight, "access-control-allow-methods"), HasSubstr("DELETE"));

  const std::pair<std::string, std::string> origin = {"Origin", "https://app.example"};
  for (const RawResponse& response :
       {Call({"GET", kDataset, "", {origin}}),
        Exchange(UnsignedBytes({"GET", kDataset, "", {origin}})),
        Exchange(UnsignedBytes({"GET", "/nowhere", "", {origin}})),
        Exchange("POST / HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example\r\n"
                 "Content-Length: 9000000\r\n\r\n")}) {
    EXPECT_EQ(Header(response, "access-control-allow-origin"), "https://app.example")
        << response.status;
    EXPECT_THAT(Header(response, "access-control-expose-headers"), HasSubstr("x-amzn-ErrorType"));
  }
}

TEST_F(GatewayAuthTest, PlainOptionsNamesTheMethods) {
  const RawResponse response = Exchange(UnsignedBytes({"OPTIONS", "*"}));
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(Header(response, "allow"), "GET, POST, DELETE, OPTIONS");
}

}  // namespace
}  // namespace tidemark::gateway

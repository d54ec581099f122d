// Links to stored records through a real socket.
#include <mutex>

#include "common/aws/stub_transport.h"
#include "common/obs/log.h"
#include "common/obs/metrics.h"
#include "common/seal/record_link.h"
#include "services/gateway/wire/record_links.h"
#include "services/gateway/wire/testing/gateway_fixture.h"

namespace tidemark::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

// None, until there are some.
class EmptyProvider final : public aws::CredentialsProvider {
 public:
  void Get(Callback callback) override { callback(absl::UnavailableError("sts is away")); }
  void Refuse(const aws::Credentials&) override {}
};

class RecordLinksTest : public GatewayTest {
 protected:
  void SetUp() override { StartWith(KeysThatEnd(absl::InfiniteFuture())); }

  static std::shared_ptr<aws::CredentialsProvider> KeysThatEnd(absl::Time expiry) {
    return std::make_shared<aws::StaticCredentials>(
        aws::Credentials{.access_key_id = "AKIDS3",
                         .secret_access_key = Secret("s3 secret"),
                         .session_token = Secret(),
                         .expiry = expiry});
  }

  void StartWith(const std::shared_ptr<aws::CredentialsProvider>& credentials) {
    server_.reset();
    links_registry_ = std::make_unique<prometheus::Registry>();
    links_ = std::make_unique<RecordLinks>(
        RecordLinks::Settings{.region = "us-east-1", .bucket = "events"},
        aws::S3Client("us-east-1", std::nullopt, transport_, credentials, SystemClock()),
        credentials, ring_, SystemClock(), *links_registry_);
    options_.links = links_.get();
    Start({});
  }

  std::string TokenFor(absl::Duration left) const {
    return seal::MakeRecordLink(ring_, {"records/ab.json", absl::Now() + left});
  }
  RawResponse Get(const std::string& token, const std::string& method = "GET") {
    return Exchange(UnsignedBytes({method, absl::StrCat("/records/", token)}));
  }
  double Count(const std::string& outcome) {
    return obs::Counter(*links_registry_, "tidemark_gateway_record_links_total", "",
                        {{"outcome", outcome}})
        .Value();
  }

  aws::StubTransport transport_;
  const config::Keyring ring_ =
      config::Keyring::Parse("k:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").value();
  std::unique_ptr<prometheus::Registry> links_registry_;
  std::unique_ptr<RecordLinks> links_;
};

TEST_F(RecordLinksTest, AGoodLinkLeadsToAUrlOfS3ForTheMoment) {
  const RawResponse response = Get(TokenFor(absl::Hours(24)));
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(Header(response, "cache-control"), "no-store");
  EXPECT_THAT(Header(response, "location"),
              AllOf(StartsWith("https://events.s3.us-east-1.amazonaws.com/records/ab.json?"),
                    HasSubstr("X-Amz-Credential=AKIDS3"), HasSubstr("X-Amz-Expires=300&")));
  EXPECT_EQ(Count("followed"), 1);
}

TEST_F(RecordLinksTest, TheUrlDoesNotOutliveTheLinkNorItsCredentials) {
  EXPECT_THAT(Header(Get(TokenFor(absl::Seconds(30))), "location"),
              MatchesRegex(".*X-Amz-Expires=(29|30|2[0-8])&.*"));
  StartWith(KeysThatEnd(absl::Now() + absl::Seconds(90)));
  EXPECT_THAT(Header(Get(TokenFor(absl::Hours(1))), "location"),
              MatchesRegex(".*X-Amz-Expires=(90|[78][0-9])&.*"));
}

TEST_F(RecordLinksTest, AnAlteredLinkIsRefused) {
  std::string token = TokenFor(absl::Hours(24));
  token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_THAT(ExpectError(Get(token), 403, "AccessDeniedException"),
              AllOf(HasSubstr("altered"), Not(HasSubstr(token))));
  ExpectError(Get(""), 403, "AccessDeniedException");
  ExpectError(Get(absl::StrCat(TokenFor(absl::Hours(1)), "/x")), 403, "AccessDeniedException");
  const auto other = config::Keyring::Parse("k:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=");
  ExpectError(Get(seal::MakeRecordLink(*other, {"records/ab.json", absl::InfiniteFuture()})), 403,
              "AccessDeniedException");
  EXPECT_EQ(Count("invalid"), 4);
}

TEST_F(RecordLinksTest, AnExpiredLinkIsGone) {
  EXPECT_THAT(ExpectError(Get(TokenFor(-absl::Seconds(2))), 410, "ExpiredLinkException"),
              HasSubstr("ended at 20"));
  EXPECT_EQ(Count("expired"), 1);
}

TEST_F(RecordLinksTest, OnlyGetIsTaken) {
  const RawResponse response = Get(TokenFor(absl::Hours(1)), "POST");
  ExpectError(response, 405, "MethodNotAllowedException");
  EXPECT_EQ(Header(response, "allow"), "GET");
}

TEST_F(RecordLinksTest, WithoutCredentialsALinkCanBeFollowedLater) {
  StartWith(std::make_shared<EmptyProvider>());
  EXPECT_THAT(ExpectError(Get(TokenFor(absl::Hours(1))), 503, "ServiceUnavailableException"),
              AllOf(HasSubstr("try again"), Not(HasSubstr("sts"))));
  EXPECT_EQ(Count("failed"), 1);
}

TEST_F(RecordLinksTest, WithoutABucketThereAreNoLinks) {
  options_.links = nullptr;
  Start({});
  ExpectError(Get(TokenFor(absl::Hours(1))), 404, "UnknownOperationException");
}

TEST_F(RecordLinksTest, NoLogHoldsALinksTokenOrTheUrl) {
  std::mutex mutex;
  std::string log;
  const std::string good = TokenFor(absl::Hours(24));
  {
    const obs::ScopedLogSink sink([&](std::string_view line) {
      const std::lock_guard lock(mutex);
      log.append(line);
    });
    options_.strangers_log_interval = absl::ZeroDuration();
    Start({});
    EXPECT_EQ(Get(good).status, 302);
    Get(good + "A");
    Get(good, "PUT");
    Exchange("GET /other/records/" + good + " HTTP/1.1\r\nHost: x\r\n\r\n");
    Exchange("GET /records/" + good + "\r\n\r\n");  // no HTTP
    server_.reset();
  }
  EXPECT_THAT(log, HasSubstr(R"("path":"/records/***")"));
  EXPECT_THAT(log, AllOf(Not(HasSubstr(good.substr(0, 20))), Not(HasSubstr("X-Amz-"))));
}

TEST(LoggablePathTest, LeavesAmazonsPathsAlone) {
  EXPECT_EQ(LoggablePath("/identitypools/p/identities/i/datasets/records/subscriptions/d?x=y"),
            "/identitypools/p/identities/i/datasets/records/subscriptions/d");
  EXPECT_EQ(LoggablePath("/records/abc?q=1"), "/records/***");
  EXPECT_EQ(LoggablePath("http://host/records/abc"), "http://host/records/***");
  EXPECT_EQ(LoggablePath("/x"), "/x");
}

}  // namespace
}  // namespace tidemark::gateway

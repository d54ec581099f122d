// Our signer and verifier against botocore's signer, over thousands of generated requests.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/aws/sigv4.h"
#include "common/aws/sigv4_verify.h"
#include "common/aws/static_secrets.h"
#include "tests/conformance/sigv4/generated.h"

namespace tidemark::aws {
namespace {

constexpr int kRequests = 4000;
constexpr int kSeed = 20140630;

class FixedClock final : public Clock {
 public:
  explicit FixedClock(absl::Time now) : now_(now) {}
  absl::Time Now() const override { return now_; }

 private:
  absl::Time now_;
};

// One request as botocore put it on the wire, and what it was signed with.
struct Sample {
  std::string service;
  std::string region;
  Credentials credentials;
  absl::Time time;
  HttpRequest request;  // without Authorization
  std::string authorization;
};

Sample ParseSample(const nlohmann::json& json) {
  const auto text = [&json](const char* name) { return json.at(name).get<std::string>(); };
  Sample sample{.service = text("service"),
                .region = text("region"),
                .credentials = {text("accessKeyId"), Secret(text("secret")), Secret(text("token")),
                                absl::InfiniteFuture()},
                .time = absl::FromUnixSeconds(json.at("time").get<std::int64_t>()),
                .request = {.method = text("method"),
                            .endpoint = Endpoint::Parse(text("endpoint")).value(),
                            .target = text("target"),
                            .headers = {},
                            .body = {}},
                .authorization = text("authorization")};
  EXPECT_TRUE(absl::Base64Unescape(text("body"), &sample.request.body));
  for (const auto& header : json.at("headers")) {
    sample.request.headers.push_back({header.at(0), header.at(1)});
  }
  return sample;
}

std::vector<Sample> Generate() {
  std::vector<Sample> samples;
  for (const auto& line : Generated("generate.py", kRequests, kSeed)) {
    samples.push_back(ParseSample(line));
  }
  return samples;
}

std::vector<HeaderView> ViewsOf(const HttpRequest& request) {
  std::vector<HeaderView> views;
  for (const HttpHeader& header : request.headers) views.push_back({header.name, header.value});
  return views;
}

RequestView ViewOf(const HttpRequest& request, const std::vector<HeaderView>& headers) {
  return {
      .method = request.method, .target = request.target, .headers = headers, .body = request.body};
}

AuthOutcome Verify(const Sample& sample, const HttpRequest& request,
                   const Credentials& credentials) {
  const FixedClock clock(sample.time + absl::Minutes(3));
  SigV4Verifier verifier(
      {.region = sample.region, .service = sample.service, .accept_unsigned_payload = true}, clock);
  const std::vector<HeaderView> views = ViewsOf(request);
  SignatureClaim claim;
  return verifier.Verify(ViewOf(request, views), StaticSecrets({credentials}), claim);
}

HttpRequest WithAuthorization(const Sample& sample) {
  HttpRequest request = sample.request;
  request.headers.push_back({"Authorization", sample.authorization});
  return request;
}

class SigV4Conformance : public ::testing::Test {
 protected:
  void SetUp() override {
    samples_ = Generate();
    ASSERT_EQ(samples_.size(), static_cast<std::size_t>(kRequests));
    std::map<std::string, int> services;
    for (const Sample& sample : samples_) ++services[sample.service];
    ASSERT_GT(services["s3"], kRequests / 10);
    ASSERT_GT(services["cognito-sync"], kRequests / 10);
  }

  std::vector<Sample> samples_;
};

TEST_F(SigV4Conformance, AcceptsWhatBotocoreSigned) {
  for (const Sample& sample : samples_) {
    const AuthOutcome outcome = Verify(sample, WithAuthorization(sample), sample.credentials);
    ASSERT_TRUE(outcome.ok()) << outcome.message << "\n"
                              << sample.request.method << " " << sample.request.target << "\n"
                              << sample.authorization;
  }
}

TEST_F(SigV4Conformance, SignsAsBotocoreDoes) {
  for (const Sample& sample : samples_) {
    SigV4Signer signer(sample.region, sample.service);
    const std::string_view sent = FindHeader(sample.request.headers, "x-amz-content-sha256");
    const std::string hash = sent.empty() ? Hex(Sha256(sample.request.body)) : std::string(sent);
    const std::vector<HeaderView> views = ViewsOf(sample.request);
    ASSERT_EQ(signer.Authorization(sample.credentials, AmzDate(sample.time),
                                   ViewOf(sample.request, views), hash),
              sample.authorization)
        << sample.request.method << " " << sample.request.target;
  }
}

// Sign adds the same headers as botocore's S3 signer, which always sends the hash.
TEST_F(SigV4Conformance, PreparesARequestAsBotocoreDoes) {
  int compared = 0;
  for (const Sample& sample : samples_) {
    const std::string_view hash = FindHeader(sample.request.headers, "x-amz-content-sha256");
    if (hash.empty() || hash == "UNSIGNED-PAYLOAD" ||
        FindHeader(sample.request.headers, "x-amz-date").empty()) {
      continue;
    }
    SigV4Signer signer(sample.region, sample.service);
    HttpRequest request = sample.request;
    signer.Sign(sample.credentials, sample.time, request);
    ASSERT_EQ(FindHeader(request.headers, "authorization"), sample.authorization)
        << request.method << " " << request.target;
    ++compared;
  }
  EXPECT_GT(compared, kRequests / 10);
}

TEST_F(SigV4Conformance, RefusesWhatWasTamperedWith) {
  for (const Sample& sample : samples_) {
    const HttpRequest original = WithAuthorization(sample);
    const auto refuses = [&sample, &original](auto change) {
      HttpRequest request = original;
      change(request);
      const AuthOutcome outcome = Verify(sample, request, sample.credentials);
      EXPECT_EQ(outcome.error, AuthError::kInvalidSignature) << outcome.message;
    };
    refuses([](HttpRequest& request) { request.method += "X"; });
    refuses([](HttpRequest& request) {
      request.target.insert(std::min(request.target.find('?'), request.target.size()), "/x");
    });
    refuses([](HttpRequest& request) {
      request.target += request.target.find('?') == std::string::npos ? "?x" : "&x";
    });
    refuses([](HttpRequest& request) {
      for (HttpHeader& header : request.headers) {
        if (header.name == "Host") header.value += ".evil";
      }
    });
    if (FindHeader(sample.request.headers, "x-amz-content-sha256") != "UNSIGNED-PAYLOAD") {
      refuses([](HttpRequest& request) { request.body += 'x'; });
    }
    Credentials other = sample.credentials;
    other.secret_access_key = Secret(sample.credentials.secret_access_key.Reveal() + "x");
    EXPECT_EQ(Verify(sample, original, other).error, AuthError::kInvalidSignature);
    ASSERT_FALSE(HasFailure()) << original.method << " " << original.target;
  }
}

}  // namespace
}  // namespace tidemark::aws

#include "common/aws/base_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/aws/stub_transport.h"
#include "common/testing/settable_clock.h"
#include "common/testing/temp_directory.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::SettableClock;

absl::StatusOr<CredentialsPlace> PlaceOf(const std::map<std::string, const char*>& environment) {
  return PlaceFromEnvironment([&environment](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second;
  });
}

std::string FaultOf(const std::map<std::string, const char*>& environment) {
  const auto place = PlaceOf(environment);
  EXPECT_EQ(place.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(place.status().message());
}

TEST(CredentialsPlaceTest, KeysGoFirst) {
  const auto place = PlaceOf({{"AWS_ACCESS_KEY_ID", "A"},
                              {"AWS_SECRET_ACCESS_KEY", "S"},
                              {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}});
  EXPECT_EQ(std::get<Credentials>(place.value()).access_key_id, "A");
  EXPECT_THAT(FaultOf({{"AWS_ACCESS_KEY_ID", "A"}}), HasSubstr("set both or neither"));
}

TEST(CredentialsPlaceTest, ThenAWebIdentity) {
  std::map<std::string, const char*> environment = {
      {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"AWS_ROLE_ARN", "arn:r"}, {"AWS_PROFILE", "p"}};
  EXPECT_EQ(std::get<WebIdentity>(PlaceOf(environment).value()).session_name, "tidemark");
  environment["AWS_ROLE_SESSION_NAME"] = "pod-1";
  const auto identity = std::get<WebIdentity>(PlaceOf(environment).value());
  EXPECT_EQ(identity.token_file, "/token");
  EXPECT_EQ(identity.role_arn, "arn:r");
  EXPECT_EQ(identity.session_name, "pod-1");
  EXPECT_THAT(FaultOf({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}}), HasSubstr("AWS_ROLE_ARN"));
}

TEST(CredentialsPlaceTest, ThenAFile) {
  const auto file = [](const std::map<std::string, const char*>& environment) {
    return std::get<CredentialsFileProfile>(PlaceOf(environment).value());
  };
  EXPECT_EQ(file({{"AWS_SHARED_CREDENTIALS_FILE", "/f"}}).profile, "default");
  EXPECT_EQ(file({{"AWS_SHARED_CREDENTIALS_FILE", "/f"}, {"AWS_PROFILE", "p"}}).profile, "p");
  EXPECT_EQ(file({{"AWS_PROFILE", "p"}, {"HOME", "/home/u"}}).path, "/home/u/.aws/credentials");
  EXPECT_THAT(FaultOf({{"AWS_PROFILE", "p"}}), HasSubstr("HOME"));
}

TEST(CredentialsPlaceTest, ThenAContainersEndpoint) {
  const auto container = [](const std::map<std::string, const char*>& environment) {
    return std::get<ContainerEndpoint>(PlaceOf(environment).value());
  };
  ContainerEndpoint where =
      container({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x"},
                 {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://other/"}});
  EXPECT_EQ(where.endpoint.Url(), "http://169.254.170.2");
  EXPECT_EQ(where.target, "/v2/credentials/x");
  where = container({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
                     {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "t"},
                     {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"}});
  EXPECT_EQ(where.endpoint.Url(), "http://169.254.170.23");
  EXPECT_EQ(where.token_file, "/token");
  EXPECT_TRUE(where.token.empty());
  where = container({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://host:8443"},
                     {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "t"}});
  EXPECT_EQ(where.target, "/");
  EXPECT_EQ(where.token.Reveal(), "t");
}

TEST(CredentialsPlaceTest, SendsNoSecretInTheClear) {
  for (const char* uri : {"http://localhost:1/x", "http://127.0.0.1/x", "http://127.9.8.7:5/x",
                          "http://[::1]:80/x", "http://169.254.170.2/x", "http://169.254.170.23/x",
                          "http://[fd00:ec2::23]/x", "https://example.com/x?y=z"}) {
    EXPECT_TRUE(ContainerEndpoint::OfFullUri(uri).ok()) << uri;
  }
  for (const char* uri :
       {"http://example.com/x", "http://127.0.0.1.example.com/x", "http://127.0.0/x",
        "http://169.254.169.254/x", "http://[::2]/x", "http://localhost.example/x"}) {
    EXPECT_THAT(FaultOf({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", uri}}),
                HasSubstr("would send a secret in the clear"))
        << uri;
  }
  for (const char* uri : {"/path", "ftp://localhost/x", "https://u@h/x", "http://localhost/a b",
                          "http://localhost?x"}) {
    EXPECT_FALSE(ContainerEndpoint::OfFullUri(uri).ok()) << uri;
  }
  EXPECT_FALSE(ContainerEndpoint::OfRelativeUri("x").ok());
  EXPECT_FALSE(ContainerEndpoint::OfRelativeUri("/x\r\nEvil: 1").ok());
  EXPECT_THAT(FaultOf({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"},
                       {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\nb"}}),
              Not(HasSubstr("a\nb")));
}

TEST(CredentialsPlaceTest, NothingIsNotFound) {
  EXPECT_EQ(PlaceOf({{"HOME", "/home/u"}}).status().code(), absl::StatusCode::kNotFound);
}

class BaseCredentialsTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { directory_.Write("credentials", text); }

  absl::StatusOr<Credentials> Get(CredentialsPlace place) {
    const auto provider = ProvideFrom(std::move(place), parts_);
    absl::StatusOr<Credentials> result = absl::UnknownError("no answer");
    provider->Get([&result](const absl::StatusOr<CredentialsProvider::Pointer>& got) {
      if (got.ok()) {
        result = **got;
      } else {
        result = got.status();
      }
    });
    return result;
  }

  const HttpRequest& sent() const { return transport_.requests.back(); }

  SettableClock clock_;
  StubTransport transport_;
  CredentialsParts parts_{transport_, clock_, SystemRandom(), "eu-west-1",
                          Endpoint::OfAws("sts", "eu-west-1")};
  const testing::TempDirectory directory_;
  const std::string path_ = directory_.File("credentials");
};

TEST_F(BaseCredentialsTest, AssumesTheRoleOfAWebIdentity) {
  Write("e.y.J\n");
  transport_.answer = HttpResponse{
      .status = 200,
      .headers = {},
      .body =
          "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
          "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
          "<SessionToken>t</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration>"
          "</Credentials></AssumeRoleWithWebIdentityResult>"
          "</AssumeRoleWithWebIdentityResponse>"};
  const auto got = Get(WebIdentity{.token_file = path_, .role_arn = "arn:r"});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, (Credentials{"ASIA", Secret("s"), Secret("t"), clock_.Now() + absl::Hours(1)}));
  EXPECT_THAT(sent().body, HasSubstr("&WebIdentityToken=e.y.J"));
  EXPECT_THAT(sent().body, HasSubstr("&RoleArn=arn%3Ar"));
}

TEST_F(BaseCredentialsTest, AWebIdentityThatIsRefusedIsNoFaultOfAnyPoolsRole) {
  Write("e.y.J");
  transport_.answer = HttpResponse{
      .status = 403,
      .headers = {},
      .body = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"};
  const auto got = Get(WebIdentity{.token_file = path_, .role_arn = "arn:r"});
  EXPECT_EQ(got.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(got.status().message()), HasSubstr("AccessDenied"));
}

TEST_F(BaseCredentialsTest, ATokenFileThatCantBeUsedIsNamed) {
  const auto fault = [this] {
    const auto got = Get(WebIdentity{.token_file = path_, .role_arn = "arn:r"});
    EXPECT_EQ(got.status().code(), absl::StatusCode::kUnavailable);
    return std::string(got.status().message());
  };
  EXPECT_THAT(fault(), HasSubstr(path_));
  Write(" \n");
  EXPECT_THAT(fault(), HasSubstr("is empty"));
  Write("a\nb");
  EXPECT_THAT(fault(), HasSubstr("control characters"));
  Write(std::string(70000, 'x'));
  EXPECT_THAT(fault(), HasSubstr("over 64 KiB"));
  EXPECT_TRUE(transport_.requests.empty());
}

TEST_F(BaseCredentialsTest, AsksAContainersEndpoint) {
  Write("token-of-today\n");
  auto where = ContainerEndpoint::OfFullUri("http://169.254.170.23/v1/credentials").value();
  where.token_file = path_;
  transport_.answer =
      HttpResponse{.status = 200,
                   .headers = {},
                   .body = R"({"AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"t",)"
                           R"("Expiration":"2026-01-01T06:00:00Z","RoleArn":"x"})"};
  const auto got = Get(where);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, (Credentials{"ASIA", Secret("s"), Secret("t"), clock_.Now() + absl::Hours(6)}));
  EXPECT_EQ(sent().method, "GET");
  EXPECT_EQ(sent().target, "/v1/credentials");
  EXPECT_EQ(FindHeader(sent().headers, "authorization"), "token-of-today");
}

TEST_F(BaseCredentialsTest, AContainersEndpointThatFailsIsUnavailable) {
  const auto where = ContainerEndpoint::OfRelativeUri("/x").value();
  const auto fault = [&](absl::StatusOr<HttpResponse> answer) {
    transport_.answer = std::move(answer);
    const auto got = Get(where);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kUnavailable);
    return std::string(got.status().message());
  };
  EXPECT_THAT(fault(absl::DeadlineExceededError("too slow")), HasSubstr("too slow"));
  EXPECT_THAT(fault(HttpResponse{.status = 500, .headers = {}, .body = "<html>"}),
              HasSubstr("status 500"));
  EXPECT_THAT(
      fault(HttpResponse{.status = 400, .headers = {}, .body = R"({"code":"InvalidToken"})"}),
      HasSubstr("InvalidToken"));
  const std::string half = R"({"AccessKeyId":"A","SecretAccessKey":"wJalr"})";
  const std::string text = fault(HttpResponse{.status = 200, .headers = {}, .body = half});
  EXPECT_THAT(text, HasSubstr("can't be read"));
  EXPECT_THAT(text, Not(HasSubstr("wJalr")));
}

TEST_F(BaseCredentialsTest, ReadsAProfile) {
  Write(
      "[default]\naws_access_key_id=A\naws_secret_access_key=S\n"
      "[p]\naws_access_key_id=B\naws_secret_access_key=T\naws_session_token=U\n");
  EXPECT_EQ(Get(CredentialsFileProfile{.path = path_})->access_key_id, "A");
  EXPECT_EQ(Get(CredentialsFileProfile{.path = path_, .profile = "p"})->session_token.Reveal(),
            "U");
  const auto missing = Get(CredentialsFileProfile{.path = path_, .profile = "q"});
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("no profile q"));
  EXPECT_EQ(Get(CredentialsFileProfile{.path = path_ + "-none"}).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tidemark::aws

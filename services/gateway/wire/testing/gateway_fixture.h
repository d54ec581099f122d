#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/aws/static_secrets.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "services/gateway/http/server.h"
#include "services/gateway/testing/fake_services.h"
#include "services/gateway/testing/signed_client.h"
#include "services/gateway/wire/gateway.h"

namespace tidemark::gateway {

// A whole gateway on a real socket, before fake services.
class GatewayTest : public ::testing::Test {
 protected:
  static constexpr char kPool[] = "/identitypools/us-east-1%3Aaa";
  static constexpr char kIdentity[] = "/identitypools/us-east-1%3Aaa/identities/us-east-1%3Abb";
  static constexpr char kDataset[] =
      "/identitypools/us-east-1%3Aaa/identities/us-east-1%3Abb/datasets/prefs";

  void SetUp() override { Start({}); }

  void Start(const HttpLimits& limits, absl::Duration timeout = absl::Seconds(10)) {
    server_.reset();
    gateway_.reset();
    registry_ = std::make_unique<prometheus::Registry>();
    calls_ = std::make_unique<Services>(
        Services::Options{.dataset_address = absl::StrCat("ipv4:", fakes_.address(), others_),
                          .stream_config_address = fakes_.address(),
                          .timeout = timeout},
        SystemRandom());
    gateway_ =
        std::make_unique<Gateway>(options_, authenticator_, *calls_, SystemRandom(), *registry_);
    server_ = HttpServer::Start({.limits = limits}, *gateway_, *registry_).value();
  }

  // Sends bytes on a new connection.
  RawResponse Exchange(const std::string& bytes) {
    RawClient client(server_->port());
    return client.Exchange(bytes);
  }
  RawResponse Call(const TestRequest& request, const TestSigner& signer = {}) {
    return Exchange(SignedBytes(request, signer));
  }

  static std::string Header(const RawResponse& response, const std::string& name) {
    const auto found = response.headers.find(name);
    return found == response.headers.end() ? "" : found->second;
  }

  // Expects an error as all of Amazon's clients can read it, and returns its message.
  static std::string ExpectError(const RawResponse& response, int status, const std::string& name) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(Header(response, "x-amzn-errortype"), name);
    EXPECT_EQ(Header(response, "content-type"), "application/json");
    EXPECT_THAT(Header(response, "x-amzn-requestid"), ::testing::SizeIs(36));
    EXPECT_NE(Header(response, "date"), "");
    const auto body = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
    EXPECT_TRUE(body.is_object()) << response.body;
    if (!body.is_object()) return "";
    EXPECT_EQ(body.value("__type", ""), name);
    EXPECT_NE(body.value("message", ""), "");
    return body.value("message", "");
  }

  Gateway::Options options_{.account_id = "123456789012",
                            .cors = Cors::Parse("https://app.example").value(),
                            .strangers_log_interval = absl::Hours(1)};
  FakeServices fakes_;
  std::string others_;  // ",address" of each further replica of the dataset service
  std::unique_ptr<prometheus::Registry> registry_;
  aws::StaticSecrets keys_{
      {aws::Credentials{.access_key_id = "AKIDTEST", .secret_access_key = Secret("secret")},
       aws::Credentials{.access_key_id = "AKIDTEMP",
                        .secret_access_key = Secret("secret"),
                        .session_token = Secret("token")}}};
  Authenticator authenticator_{{.region = "us-east-1"}, SystemClock(), keys_};
  std::unique_ptr<Services> calls_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace tidemark::gateway

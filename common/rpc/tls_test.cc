#include <gtest/gtest.h>

#include <memory>

#include "common/rpc/testing/certificate.h"
#include "common/rpc/testing/echo_fixture.h"

namespace tidemark::rpc {
namespace {

using testing::Certificate;
using testing::MakeCertificate;

class TlsTest : public testing::EchoTest {
 protected:
  void Serve(const Certificate& own, const std::string& client_ca) {
    RpcServer::Options options;
    options.tls = ServerTls{own.certificate, Secret(own.key), client_ca};
    server_ = RpcServer::Start(options, {&echo_}).value();
  }

  absl::Status EchoOver(const ClientTls& tls) {
    ChannelOptions options;
    options.tls = tls;
    stub_ = testing::v1::EchoService::NewStub(MakeChannel(Target(), options));
    return Echo();
  }
};

TEST_F(TlsTest, ServesThoseWhoTrustItsCertificate) {
  const Certificate server = MakeCertificate();
  Serve(server, "");
  EXPECT_TRUE(EchoOver({server.certificate, "", {}}).ok());
  EXPECT_EQ(EchoOver({MakeCertificate().certificate, "", {}}).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, RefusesClientsWithoutATrustedCertificateIfItAsksForOne) {
  const Certificate server = MakeCertificate();
  const Certificate client = MakeCertificate();
  const Certificate stranger = MakeCertificate();
  Serve(server, client.certificate);
  const auto shows = [&](const Certificate& own) {
    return EchoOver({server.certificate, own.certificate, Secret(own.key)});
  };
  EXPECT_TRUE(shows(client).ok());
  EXPECT_FALSE(shows(stranger).ok());
  EXPECT_FALSE(EchoOver({server.certificate, "", {}}).ok());
}

TEST_F(TlsTest, ABadCertificateIsAnErrorAtTheStart) {
  RpcServer::Options options;
  options.tls = ServerTls{"no certificate", Secret("no key"), ""};
  EXPECT_EQ(RpcServer::Start(options, {}).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tidemark::rpc

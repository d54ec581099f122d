#include "cli/testing/cli_fixture.h"
#include "common/rpc/testing/certificate.h"
#include "common/testing/temp_directory.h"

namespace tidemark::cli {
namespace {

using rpc::testing::Certificate;
using rpc::testing::MakeCertificate;
using ::testing::HasSubstr;
using testing::Outcome;

// A stream configuration service that shows a certificate and asks for one.
class TlsTest : public testing::CliTest {
 protected:
  TlsTest() {
    grpc::SslServerCredentialsOptions options(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_key_cert_pairs.push_back({service_.key, service_.certificate});
    options.pem_root_certs = operator_.certificate;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port);
    builder.RegisterService(&secure_pools_);
    secure_server_ = builder.BuildAndStart();
    environment_["TIDEMARK_STREAM_CONFIG"] = absl::StrCat("127.0.0.1:", port);
  }

  ~TlsTest() override { secure_server_->Shutdown(); }

  const Certificate service_ = MakeCertificate();
  const Certificate operator_ = MakeCertificate();
  testing::FakeStreamConfig secure_pools_;
  std::unique_ptr<grpc::Server> secure_server_;
  const tidemark::testing::TempDirectory files_;
};

TEST_F(TlsTest, ServicesAndOperatorsKnowEachOtherByTheirCertificates) {
  environment_["TIDEMARK_TLS"] = "true";
  environment_["TIDEMARK_TLS_CA_FILE"] = files_.Write("ca", service_.certificate);
  const std::string certificate = files_.Write("certificate", operator_.certificate);
  const Outcome outcome = Tidemark({"pool", "list", "--tls-certificate-file", certificate,
                                    "--tls-key-file", files_.Write("key", operator_.key)});
  EXPECT_EQ(outcome.exit_code, kDone) << outcome.err;
  environment_["TIDEMARK_TLS_KEY"] = operator_.key;
  EXPECT_EQ(Tidemark({"pool", "list", "--tls-certificate-file", certificate}).exit_code, kDone);
  EXPECT_EQ(secure_pools_.ListPoolsCalls.requests.size(), 2);
}

TEST_F(TlsTest, StrangersAreUnreachable) {
  EXPECT_EQ(Tidemark({"pool", "list"}).exit_code, kUnreachable) << "plain text";
  const std::string stranger = files_.Write("stranger", MakeCertificate().certificate);
  const Outcome outcome = Tidemark({"pool", "list", "--tls", "--tls-ca-file", stranger});
  EXPECT_EQ(outcome.exit_code, kUnreachable) << "another's certificate";
  EXPECT_THAT(outcome.err, HasSubstr("stream-config"));
  const std::string ca = files_.Write("ca", service_.certificate);
  EXPECT_EQ(Tidemark({"pool", "list", "--tls", "--tls-ca-file", ca}).exit_code, kUnreachable)
      << "shows none";
  EXPECT_TRUE(secure_pools_.ListPoolsCalls.requests.empty());
}

}  // namespace
}  // namespace tidemark::cli

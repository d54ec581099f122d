#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/aws/credentials.h"
#include "common/base/clock.h"
#include "common/testing/fake_aws/fault.h"
#include "common/testing/fake_aws/http_server.h"
#include "common/testing/fake_aws/iam.h"
#include "common/testing/fake_aws/kinesis.h"
#include "common/testing/fake_aws/lambda.h"
#include "common/testing/fake_aws/s3.h"
#include "common/testing/fake_aws/skewed_clock.h"
#include "common/testing/fake_aws/sns.h"
#include "common/testing/fake_aws/sts.h"

namespace tidemark::fake_aws {

// AWS for tests, on one port of loopback: does what its services do, and fails as a script says.
// Which service a call is for is told by its credential scope; unsigned, by its form. Beside the
// C++ interface it is steered over HTTP, under /_fake/ (see admin.h). Safe for concurrent use.
class FakeAws {
 public:
  struct Options {
    std::uint16_t port = 0;  // 0: a free one
    std::string region = "us-east-1";
    std::string account = "123456789012";  // whose the keys and, unless told, all else is
    // If there are any, every call must be signed with one of them or with a role's session, for
    // this region. Else any key passes unverified, and only sessions are verified.
    std::vector<aws::Credentials> keys;
    FakeKinesis::Options kinesis;  // region and account are those above
    FakeS3::Options s3;            // likewise
    FakeSns::Options sns;          // likewise
    FakeLambda::Options lambda;    // likewise
  };

  // INVALID_ARGUMENT or UNAVAILABLE if it can't listen.
  static absl::StatusOr<std::unique_ptr<FakeAws>> Start(Options options,
                                                        const Clock& clock = SystemClock());
  ~FakeAws();

  std::string Url() const { return server_->Url(); }  // "http://127.0.0.1:PORT"
  std::uint16_t port() const { return server_->port(); }

  FakeIam& iam() { return iam_; }
  FakeKinesis& kinesis() { return kinesis_; }
  FakeLambda& lambda() { return lambda_; }
  FakeS3& s3() { return s3_; }
  FakeSns& sns() { return sns_; }
  FaultScript& faults() { return faults_; }

  // How many calls came in, by "service.Operation"; struck and refused ones too.
  std::map<std::string, std::uint64_t> Calls() const;
  std::uint64_t CallsOf(const std::string& operation) const;  // "kinesis.PutRecords"

  // How far the fake's clock is ahead of the true one: then signatures are refused as skewed.
  void SetClockSkew(absl::Duration skew) { clock_.SetSkew(skew); }

  // Forgets what its services hold, faults and counts.
  void Reset();

 private:
  FakeAws(Options options, const Clock& clock);

  ServerResponse Serve(const ServerRequest& request);
  ServerResponse ServeCall(Service& service, const ServerRequest& request);
  ServerResponse Strike(Service& service, const Call& call, const Fault& fault);
  // The service that a request is for; nullptr if unknown.
  Service* ServiceOf(const ServerRequest& request);
  // Sets the caller; an error if it is not let in.
  std::optional<ServerResponse> Admit(Service& service, Call& call) const;
  std::uint64_t Count(const Service& service, const std::string& operation);

  const Options options_;
  SkewedClock clock_;
  FaultScript faults_;
  FakeIam iam_;
  FakeKinesis kinesis_;
  FakeLambda lambda_;
  FakeS3 s3_;
  FakeSns sns_;
  FakeSts sts_;
  std::map<std::string_view, Service*> services_;  // by name
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> calls_;  // guarded by mutex_
  std::uint64_t last_number_ = 0;               // guarded by mutex_
  std::unique_ptr<HttpServer> server_;          // last: stops first
};

}  // namespace tidemark::fake_aws

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
#include "common/aws/sigv4_verify.h"
#include "common/aws/static_secrets.h"
#include "common/base/clock.h"
#include "common/testing/fake_aws/fault.h"
#include "common/testing/fake_aws/http_server.h"
#include "common/testing/fake_aws/kinesis.h"

namespace tidemark::fake_aws {

// AWS for tests, on one port of loopback: does what its services do, and fails as a script says.
// Beside the C++ interface it is steered over HTTP, under /_fake/ (see admin.h). Safe for
// concurrent use.
class FakeAws {
 public:
  struct Options {
    std::uint16_t port = 0;  // 0: a free one
    std::string region = "us-east-1";
    // If there are any, every call must be signed with one of them, for this region.
    std::vector<aws::Credentials> keys;
    FakeKinesis::Options kinesis;  // its region is the one above
  };

  // INVALID_ARGUMENT or UNAVAILABLE if it can't listen.
  static absl::StatusOr<std::unique_ptr<FakeAws>> Start(Options options,
                                                        const Clock& clock = SystemClock());
  ~FakeAws();

  std::string Url() const { return server_->Url(); }  // "http://127.0.0.1:PORT"
  std::uint16_t port() const { return server_->port(); }

  FakeKinesis& kinesis() { return kinesis_; }
  FaultScript& faults() { return faults_; }

  // How many calls came in, by "service.Operation"; struck and refused ones too.
  std::map<std::string, std::uint64_t> Calls() const;
  std::uint64_t CallsOf(const std::string& operation) const;  // "kinesis.PutRecords"

  // Forgets streams, faults and counts.
  void Reset();

 private:
  FakeAws(Options options, const Clock& clock);

  ServerResponse Serve(const ServerRequest& request);
  ServerResponse ServeCall(Service& service, const ServerRequest& request);
  ServerResponse Strike(Service& service, const Call& call, const Fault& fault);
  // The service that a request is for, by its credential scope or its target; nullptr if unknown.
  Service* ServiceOf(const ServerRequest& request);
  // An error if signatures are verified and this one is wrong.
  std::optional<ServerResponse> CheckSignature(Service& service, const ServerRequest& request);
  std::uint64_t Count(const Service& service, const std::string& operation);

  const Options options_;
  const Clock& clock_;
  const aws::StaticSecrets secrets_;
  FaultScript faults_;
  FakeKinesis kinesis_;
  std::map<std::string_view, Service*> services_;                              // by name
  std::map<std::string_view, std::unique_ptr<aws::SigV4Verifier>> verifiers_;  // by service
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> calls_;  // guarded by mutex_
  std::uint64_t last_number_ = 0;               // guarded by mutex_
  std::unique_ptr<HttpServer> server_;          // last: stops first
};

}  // namespace tidemark::fake_aws

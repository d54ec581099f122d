#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/aws/sigv4_verify.h"
#include "common/base/clock.h"
#include "services/gateway/http/message.h"

namespace tidemark::gateway {

// Who calls: Signature Version 4 in an Authorization header, scoped to this installation's region
// and service cognito-sync. Nobody else gets through. Safe for concurrent use.
class Authenticator {
 public:
  struct Options {
    std::string region;
    absl::Duration max_clock_skew = absl::Minutes(15);
  };

  // `clock` and `keys` outlive it.
  Authenticator(const Options& options, const Clock& clock, const aws::SecretLookup& keys);

  // Everything but the body's hash and the signature: for a request whose body is still to come.
  absl::Status CheckHead(const HttpRequest& request) const;

  // The access key id of a request's signer.
  absl::StatusOr<std::string> Authenticate(const HttpRequest& request);

 private:
  aws::SigV4Verifier verifier_;
  const aws::SecretLookup& keys_;
};

}  // namespace tidemark::gateway

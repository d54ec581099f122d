#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/aws/credentials_source.h"
#include "common/aws/http.h"
#include "common/base/clock.h"

namespace tidemark::aws {

// Where a container asks for its credentials: ECS, and EKS pod identities
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
struct ContainerEndpoint {
  // AWS_CONTAINER_CREDENTIALS_FULL_URI. INVALID_ARGUMENT, naming what is wrong, unless it is
  // https://, or http:// to a host that a request can't leave the machine to reach: localhost,
  // 127.0.0.0/8, ::1, and the addresses of ECS (169.254.170.2) and EKS (169.254.170.23,
  // fd00:ec2::23).
  static absl::StatusOr<ContainerEndpoint> OfFullUri(std::string_view uri);
  // AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, a path at ECS. INVALID_ARGUMENT unless it is one.
  static absl::StatusOr<ContainerEndpoint> OfRelativeUri(std::string_view uri);

  Endpoint endpoint;
  std::string target;
  // What proves who asks: sent as Authorization. At most one is set; the file is read anew each
  // time.
  Secret token = Secret();
  std::string token_file = "";
};

class ContainerSource final : public CredentialsSource {
 public:
  // `transport` and `clock` must outlive every fetch.
  ContainerSource(ContainerEndpoint where, HttpTransport& transport, const Clock& clock);

  // Every error is UNAVAILABLE: it may be mended without a restart.
  void Fetch(Callback callback) override;

 private:
  const ContainerEndpoint where_;
  HttpTransport& transport_;
  const Clock& clock_;
};

}  // namespace tidemark::aws

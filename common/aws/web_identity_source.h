#pragma once

#include <string>

#include "common/aws/credentials_source.h"
#include "common/aws/sts.h"

namespace tidemark::aws {

// A role assumed by an identity provider's token in a file, as EKS gives it to pods ("IRSA",
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html).
struct WebIdentity {
  std::string token_file;  // read anew each time: the token changes
  std::string role_arn;
  std::string session_name = "tidemark";
};

class WebIdentitySource final : public CredentialsSource {
 public:
  WebIdentitySource(WebIdentity identity, StsClient sts);

  // Every error is UNAVAILABLE: it may be mended without a restart.
  void Fetch(Callback callback) override;

 private:
  const WebIdentity identity_;
  const StsClient sts_;
};

}  // namespace tidemark::aws

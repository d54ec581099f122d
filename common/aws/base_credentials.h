#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "common/aws/container_source.h"
#include "common/aws/credentials.h"
#include "common/aws/http.h"
#include "common/aws/profile_source.h"
#include "common/aws/web_identity_source.h"
#include "common/base/clock.h"
#include "common/base/random.h"

// What an installation itself is to AWS: its base credentials.
namespace tidemark::aws {

// Where they come from.
using CredentialsPlace =
    std::variant<Credentials, WebIdentity, CredentialsFileProfile, ContainerEndpoint>;

// As AWS's own tools find it in the environment, the first of:
//   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
//   AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME
//   AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE (alone: of $HOME/.aws/credentials)
//   AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or ..._FULL_URI, with
//   AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN
// Not asked: SSO, AWS's config file, EC2's instance metadata. `getenv` looks a variable up (the
// caller's ::getenv: this library does not read the environment). NOT_FOUND if there is none of
// them; INVALID_ARGUMENT if the first is incomplete or malformed. Nothing is read yet.
absl::StatusOr<CredentialsPlace> PlaceFromEnvironment(
    const std::function<const char*(const char*)>& getenv);

// What that takes. Must outlive the provider and its calls.
struct CredentialsParts {
  HttpTransport& transport;
  const Clock& clock;  // the system's
  Random& random;
  std::string region;
  Endpoint sts;
};

// Those of `place`, kept and renewed.
std::shared_ptr<CredentialsProvider> ProvideFrom(CredentialsPlace place,
                                                 const CredentialsParts& parts);

}  // namespace tidemark::aws

#include "common/aws/base_credentials.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/aws/cached_credentials.h"
#include "common/base/status_macros.h"

namespace tidemark::aws {
namespace {

class Environment {
 public:
  explicit Environment(const std::function<const char*(const char*)>& getenv) : getenv_(getenv) {}

  // The variable's text; empty if it is not set.
  std::string operator[](const char* name) const {
    const char* text = getenv_(name);
    return text == nullptr ? "" : text;
  }

 private:
  const std::function<const char*(const char*)>& getenv_;
};

absl::StatusOr<CredentialsPlace> WebIdentityOf(const Environment& environment) {
  WebIdentity identity{.token_file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"],
                       .role_arn = environment["AWS_ROLE_ARN"]};
  if (identity.role_arn.empty()) {
    return absl::InvalidArgumentError("AWS_WEB_IDENTITY_TOKEN_FILE needs AWS_ROLE_ARN");
  }
  if (std::string name = environment["AWS_ROLE_SESSION_NAME"]; !name.empty()) {
    identity.session_name = std::move(name);
  }
  return identity;
}

absl::StatusOr<CredentialsPlace> ProfileOf(const Environment& environment) {
  CredentialsFileProfile where{.path = environment["AWS_SHARED_CREDENTIALS_FILE"]};
  if (std::string profile = environment["AWS_PROFILE"]; !profile.empty()) {
    where.profile = std::move(profile);
  }
  if (where.path.empty()) {
    if (environment["HOME"].empty()) {
      return absl::InvalidArgumentError(
          "AWS_PROFILE needs AWS_SHARED_CREDENTIALS_FILE where HOME is not set");
    }
    where.path = environment["HOME"] + "/.aws/credentials";
  }
  return where;
}

absl::StatusOr<CredentialsPlace> ContainerOf(const Environment& environment) {
  const char* relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  const char* full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  const bool at_ecs = !environment[relative].empty();
  auto where = at_ecs ? ContainerEndpoint::OfRelativeUri(environment[relative])
                      : ContainerEndpoint::OfFullUri(environment[full]);
  if (!where.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(at_ecs ? relative : full, ": ", where.status().message()));
  }
  where->token_file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  if (where->token_file.empty()) {
    std::string token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
    if (token.find_first_of("\r\n") != std::string::npos) {
      return absl::InvalidArgumentError("AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line end");
    }
    where->token = Secret(std::move(token));
  }
  return *std::move(where);
}

}  // namespace

absl::StatusOr<CredentialsPlace> PlaceFromEnvironment(
    const std::function<const char*(const char*)>& getenv) {
  absl::StatusOr<Credentials> keys = CredentialsFromEnvironment(getenv);
  if (keys.ok()) return *std::move(keys);
  if (!absl::IsNotFound(keys.status())) return keys.status();
  const Environment environment(getenv);
  if (!environment["AWS_WEB_IDENTITY_TOKEN_FILE"].empty()) return WebIdentityOf(environment);
  if (!environment["AWS_SHARED_CREDENTIALS_FILE"].empty() || !environment["AWS_PROFILE"].empty()) {
    return ProfileOf(environment);
  }
  if (!environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"].empty() ||
      !environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"].empty()) {
    return ContainerOf(environment);
  }
  return absl::NotFoundError(
      "the environment names no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
      "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE, "
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

std::shared_ptr<CredentialsProvider> ProvideFrom(CredentialsPlace place,
                                                 const CredentialsParts& parts) {
  std::unique_ptr<CredentialsSource> source;
  if (auto* keys = std::get_if<Credentials>(&place)) {
    return std::make_shared<StaticCredentials>(std::move(*keys));
  }
  if (auto* identity = std::get_if<WebIdentity>(&place)) {
    source = std::make_unique<WebIdentitySource>(
        std::move(*identity),
        StsClient(parts.region, parts.sts, parts.transport,
                  std::make_shared<StaticCredentials>(Credentials()), parts.clock));
  } else if (auto* profile = std::get_if<CredentialsFileProfile>(&place)) {
    source = std::make_unique<ProfileSource>(std::move(*profile));
  } else {
    source = std::make_unique<ContainerSource>(std::get<ContainerEndpoint>(std::move(place)),
                                               parts.transport, parts.clock);
  }
  return std::make_shared<CachedCredentials>(std::move(source), parts.clock, parts.random);
}

}  // namespace tidemark::aws

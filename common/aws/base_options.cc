#include "common/aws/base_options.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace tidemark::aws {

void Declare(config::Options& options, BaseOptions& base) {
  using Presence = config::Options::Presence;
  options.AddSecret("access-key-id", &base.access_key_id, Presence::kOptional,
                    "AWS access key that assumes the pools' roles and signs what no role does; if "
                    "absent, what AWS's own tools "
                    "find in the environment: keys, a web identity, a credentials file, a "
                    "container's endpoint.");
  options.AddSecret("secret-access-key", &base.secret_access_key, Presence::kOptional,
                    "Its secret.");
  options.AddSecret("session-token", &base.session_token, Presence::kOptional,
                    "Its session token, for temporary keys.");
  options.Check([&base]() -> absl::Status {
    if (base.access_key_id.empty() == base.secret_access_key.empty()) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("access-key-id and secret-access-key go together");
  });
}

namespace {

// NOT_FOUND if there is nothing.
absl::StatusOr<CredentialsPlace> FindPlace(const BaseOptions& base) {
  if (!base.access_key_id.empty()) {
    return Credentials{.access_key_id = base.access_key_id.Reveal(),
                       .secret_access_key = base.secret_access_key,
                       .session_token = base.session_token};
  }
  return PlaceFromEnvironment([](const char* name) { return std::getenv(name); });
}

}  // namespace

absl::StatusOr<std::optional<CredentialsPlace>> PlaceIfAny(const BaseOptions& base) {
  absl::StatusOr<CredentialsPlace> found = FindPlace(base);
  if (absl::IsNotFound(found.status())) return std::nullopt;
  if (!found.ok()) return found.status();
  return *std::move(found);
}

absl::StatusOr<CredentialsPlace> PlaceOf(const BaseOptions& base) {
  absl::StatusOr<CredentialsPlace> found = FindPlace(base);
  if (found.ok() || !absl::IsNotFound(found.status())) return found;
  return absl::InvalidArgumentError(
      absl::StrCat("--access-key-id-file and --secret-access-key-file: missing, and ",
                   found.status().message(), "; one of these must be given"));
}

}  // namespace tidemark::aws

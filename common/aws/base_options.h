#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "common/aws/base_credentials.h"
#include "common/base/secret.h"
#include "common/config/options.h"

namespace tidemark::aws {

// The options by which a service is given its base credentials: those that assume the pools' roles,
// and that sign what no role does.
struct BaseOptions {
  Secret access_key_id;  // empty: those that the environment names
  Secret secret_access_key;
  Secret session_token;
};

// Adds `access-key-id`, `secret-access-key` and `session-token`.
void Declare(config::Options& options, BaseOptions& base);

// As PlaceOf, but nullopt if there is nothing: for services that can do without.
absl::StatusOr<std::optional<CredentialsPlace>> PlaceIfAny(const BaseOptions& base);

// Where they come from: as configured, else as AWS's own tools find it in the environment
// (PlaceFromEnvironment). INVALID_ARGUMENT if there is nothing, or only half of it.
absl::StatusOr<CredentialsPlace> PlaceOf(const BaseOptions& base);

}  // namespace tidemark::aws

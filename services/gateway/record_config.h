#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/aws/base_credentials.h"
#include "common/config/keyring.h"
#include "common/config/options.h"

namespace tidemark::gateway {

// Where the links lead that the publisher puts into large events (its --s3-url=gateway).
struct RecordConfig {
  std::string bucket;  // empty: links are not followed
  // "http://host:port" instead of AWS's own endpoints; empty: AWS's.
  std::string s3_endpoint;
  std::string sts_endpoint;
  std::optional<config::Keyring> keyring;  // the publisher's; present if there is a bucket
};

// Adds the options.
void Declare(config::Options& options, RecordConfig& config);

// Where the credentials come from that sign URLs of S3: as AWS's own tools find them in the
// environment. Errors as aws::PlaceFromEnvironment's.
absl::StatusOr<aws::CredentialsPlace> PlaceOfCredentials();

}  // namespace tidemark::gateway

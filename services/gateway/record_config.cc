#include "services/gateway/record_config.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/aws/bucket_name.h"
#include "common/aws/endpoint.h"
#include "common/base/status_macros.h"

namespace tidemark::gateway {
namespace {

absl::Status Check(const RecordConfig& config) {
  TM_RETURN_IF_ERROR(aws::Endpoint::CheckOption("s3-endpoint", config.s3_endpoint));
  TM_RETURN_IF_ERROR(aws::Endpoint::CheckOption("sts-endpoint", config.sts_endpoint));
  if (config.bucket.empty()) return absl::OkStatus();
  if (const absl::Status status = aws::CheckBucketName(config.bucket); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--s3-bucket: \"", config.bucket, "\" ", status.message()));
  }
  if (!config.keyring) {
    return absl::InvalidArgumentError(
        "--keyring-file: missing, which --s3-bucket needs: the publisher's keyring, to know its "
        "links by");
  }
  return absl::OkStatus();
}

}  // namespace

void Declare(config::Options& options, RecordConfig& config) {
  const config::Range<std::size_t> text{0, 2048};
  options.Add("s3-bucket", &config.bucket, config::Range<std::size_t>{0, 63},
              "Bucket to which links in large events lead, as the publisher's; without one they "
              "are not followed.");
  options.Add("s3-endpoint", &config.s3_endpoint, text,
              "Where S3 is, for those who follow links, as http://host:port or https://host; AWS's "
              "own if empty.");
  options.Add("sts-endpoint", &config.sts_endpoint, text,
              "Where STS is, for a web identity, likewise.");
  options.AddKeyring("keyring", &config.keyring, config::Options::Presence::kOptional,
                     "The publisher's keys; needed with s3-bucket alone.");
  options.Check([&config] { return Check(config); });
  options.CheckToServe([&config]() -> absl::Status {
    if (config.bucket.empty()) return absl::OkStatus();
    absl::Status status = PlaceOfCredentials().status();
    if (status.ok()) return status;
    return absl::InvalidArgumentError(
        absl::StrCat("--s3-bucket needs AWS credentials: ", status.message()));
  });
}

absl::StatusOr<aws::CredentialsPlace> PlaceOfCredentials() {
  return aws::PlaceFromEnvironment([](const char* name) { return std::getenv(name); });
}

}  // namespace tidemark::gateway

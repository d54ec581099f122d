#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/aws/s3.h"
#include "common/config/options.h"

namespace tidemark::publisher {

// Where the records of events go that are too large for their stream.
struct S3Config {
  std::string bucket;               // empty: nowhere, such events are parked
  std::string prefix = "records/";  // of the objects' keys
  // "http://host:port" instead of AWS's own endpoint; empty: AWS's.
  std::string endpoint;
  std::string encryption = "none";  // or "AES256", "aws:kms"
  std::string kms_key_id;           // for "aws:kms"; empty: the account's own key for S3
  absl::Duration timeout = absl::Seconds(30);

  std::string url = "presigned";  // or "gateway"
  absl::Duration url_lifetime = absl::Hours(24);
  std::string gateway_url;  // "https://host[:port]", for "gateway"

  bool UrlsOfGateway() const { return url == "gateway"; }
};

// Adds the options.
void Declare(config::Options& options, S3Config& config);

aws::S3Encryption EncryptionOf(const S3Config& config);

}  // namespace tidemark::publisher

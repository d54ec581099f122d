#include "services/publisher/s3_config.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/aws/bucket_name.h"
#include "common/aws/endpoint.h"
#include "common/base/status_macros.h"

namespace tidemark::publisher {
namespace {

using config::Range;

absl::Status Fault(const char* option, const std::string& value, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--", option, ": \"", value, "\" ", why));
}

// Only characters that need no escape anywhere
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, "Safe characters").
absl::Status CheckPrefix(const std::string& prefix) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  };
  if (!std::all_of(prefix.begin(), prefix.end(), allowed)) {
    return Fault("s3-prefix", prefix, "may hold A-Z, a-z, 0-9, '-', '_', '.' and '/'");
  }
  const std::string path = absl::StrCat("/", prefix);
  if (prefix.starts_with('/') || path.find("//") != std::string::npos ||
      path.find("/./") != std::string::npos || path.find("/../") != std::string::npos) {
    return Fault("s3-prefix", prefix, "may not begin with '/', nor have empty parts, '.' or '..'");
  }
  return absl::OkStatus();
}

absl::Status Check(const S3Config& config) {
  TM_RETURN_IF_ERROR(CheckPrefix(config.prefix));
  TM_RETURN_IF_ERROR(aws::Endpoint::CheckOption("s3-endpoint", config.endpoint));
  if (!config.bucket.empty()) {
    const absl::Status status = aws::CheckBucketName(config.bucket);
    if (!status.ok()) return Fault("s3-bucket", config.bucket, status.message());
  }
  if (!config.kms_key_id.empty() && config.encryption != "aws:kms") {
    return Fault("s3-kms-key-id", config.kms_key_id, "is for --s3-encryption=aws:kms alone");
  }
  if (config.UrlsOfGateway() && config.gateway_url.empty()) {
    return absl::InvalidArgumentError(
        "--gateway-url: missing, which --s3-url=gateway needs: where consumers reach the gateway");
  }
  return aws::Endpoint::CheckOption("gateway-url", config.gateway_url);
}

}  // namespace

void Declare(config::Options& options, S3Config& config) {
  const Range<std::size_t> text{0, 2048};
  options.Add("s3-bucket", &config.bucket, Range<std::size_t>{0, 63},
              "Bucket for the records of events that are larger than their stream takes; without "
              "one such events are parked.");
  options.Add("s3-prefix", &config.prefix, Range<std::size_t>{1, 512},
              "What the keys of its objects begin with.");
  options.Add("s3-endpoint", &config.endpoint, text,
              "Where S3 is, as http://host:port or https://host; AWS's own if empty.");
  options.AddChoice("s3-encryption", &config.encryption, {"none", "AES256", "aws:kms"},
                    "Encryption that is asked of S3; none leaves it to the bucket.");
  options.Add("s3-kms-key-id", &config.kms_key_id, text,
              "Key of aws:kms, by id, alias or ARN; the account's own for S3 if empty.");
  options.Add("s3-timeout", &config.timeout,
              Range<absl::Duration>{absl::Seconds(1), absl::Minutes(5)},
              "How long a request to S3 may take.");
  options.AddChoice("s3-url", &config.url, {"presigned", "gateway"},
                    "URLs of such events: S3's own, signed with this process's credentials, which "
                    "must outlive them; or the gateway's, which sends on to S3.");
  options.Add("s3-url-lifetime", &config.url_lifetime,
              Range<absl::Duration>{absl::Minutes(1), aws::kMaxPresignedLifetime},
              "How long such a URL works.");
  options.Add("gateway-url", &config.gateway_url, text,
              "Where consumers reach the gateway, as https://host, for its URLs.");
  options.Check([&config] { return Check(config); });
}

aws::S3Encryption EncryptionOf(const S3Config& config) {
  using Kind = aws::S3Encryption::Kind;
  if (config.encryption == "AES256") return {.kind = Kind::kAes256, .kms_key_id = ""};
  if (config.encryption == "aws:kms") return {.kind = Kind::kKms, .kms_key_id = config.kms_key_id};
  return {};
}

}  // namespace tidemark::publisher

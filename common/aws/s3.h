#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/aws/presign.h"
#include "common/aws/service_client.h"

namespace tidemark::aws {

// Bytes of an object's key in UTF-8, at least 1
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
inline constexpr std::size_t kMaxObjectKeyBytes = 1024;

// How S3 encrypts an object at rest.
struct S3Encryption {
  enum class Kind {
    kBucketDefault,  // as the bucket is set up: no header
    kAes256,         // S3's own keys
    kKms,            // a key of AWS KMS
  };
  Kind kind = Kind::kBucketDefault;
  // With kKms: its id, alias or ARN; empty: the account's own key for S3.
  std::string kms_key_id;
};

struct PutObjectRequest {
  std::string_view bucket;
  std::string_view key;
  std::string_view content_type;  // e.g. "application/json"
  std::string body;
  S3Encryption encryption;
};

// Amazon S3. Never retries. Safe for concurrent use; callbacks and lifetimes as ServiceClient's.
class S3Client {
 public:
  // `endpoint`: instead of AWS's own; then buckets stand in the path. `transport` and `clock` must
  // outlive every call.
  S3Client(std::string region, std::optional<Endpoint> endpoint, HttpTransport& transport,
           std::shared_ptr<CredentialsProvider> credentials, const Clock& clock);

  // Stores an object; one that has this key is replaced. An object is there wholly or not at all.
  // nullopt: it is stored. After an error of class kTransient it may be stored nevertheless.
  void PutObject(PutObjectRequest request, const CallOptions& options,
                 std::function<void(std::optional<CallError>)> callback) const;

  // Where PutObject puts it.
  S3Location Locate(std::string_view bucket, std::string_view key) const;

  // S3's time, as far as it is known: the one to presign at.
  absl::Time Now() const { return client_.Now(); }

 private:
  const std::string region_;
  const std::optional<Endpoint> endpoint_;
  const ServiceClient client_;
};

}  // namespace tidemark::aws

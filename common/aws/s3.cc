#include "common/aws/s3.h"

#include <utility>

#include "common/aws/xml_answer.h"

namespace tidemark::aws {
namespace {

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
void AddEncryption(const S3Encryption& encryption, std::vector<HttpHeader>& headers) {
  static constexpr const char* kHeader = "x-amz-server-side-encryption";
  switch (encryption.kind) {
    case S3Encryption::Kind::kBucketDefault:
      return;
    case S3Encryption::Kind::kAes256:
      headers.push_back({kHeader, "AES256"});
      return;
    case S3Encryption::Kind::kKms:
      headers.push_back({kHeader, "aws:kms"});
      if (!encryption.kms_key_id.empty()) {
        headers.push_back({"x-amz-server-side-encryption-aws-kms-key-id", encryption.kms_key_id});
      }
      return;
  }
}

}  // namespace

S3Client::S3Client(std::string region, std::optional<Endpoint> endpoint, HttpTransport& transport,
                   std::shared_ptr<CredentialsProvider> credentials, const Clock& clock)
    : region_(std::move(region)),
      endpoint_(std::move(endpoint)),
      client_({.api = Api::kS3,
               .service = "s3",
               .region = region_,
               .endpoint = endpoint_ ? *endpoint_ : Endpoint::OfAws("s3", region_),
               .read_error = &ReadXmlError},
              transport, std::move(credentials), clock) {}

void S3Client::PutObject(PutObjectRequest request, const CallOptions& options,
                         std::function<void(std::optional<CallError>)> callback) const {
  S3Location location = Locate(request.bucket, request.key);
  HttpRequest put{.method = "PUT",
                  .endpoint = std::move(location.endpoint),
                  .target = std::move(location.target),
                  .headers = {{"Content-Type", std::string(request.content_type)}},
                  .body = std::move(request.body)};
  AddEncryption(request.encryption, put.headers);
  client_.Call(std::move(put), options, [callback = std::move(callback)](CallResult result) {
    auto* error = std::get_if<CallError>(&result);
    callback(error == nullptr ? std::nullopt : std::optional(std::move(*error)));
  });
}

S3Location S3Client::Locate(std::string_view bucket, std::string_view key) const {
  return LocateObject(endpoint_ ? &*endpoint_ : nullptr, region_, bucket, key);
}

}  // namespace tidemark::aws

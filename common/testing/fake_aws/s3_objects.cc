// The operations on objects.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"
#include "common/testing/fake_aws/s3.h"

namespace tidemark::fake_aws {
namespace {

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
constexpr std::size_t kMaxKeyBytes = 1024;

constexpr std::string_view kEncryption = "x-amz-server-side-encryption";
constexpr std::string_view kKmsKey = "x-amz-server-side-encryption-aws-kms-key-id";

std::string Md5(std::string_view data) {
  std::array<unsigned char, 16> digest{};
  EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_md5(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Whether a header of PutObject is kept with the object.
bool IsKept(std::string_view name) {
  constexpr std::array<std::string_view, 5> kKept = {
      "content-type", "content-encoding", "content-disposition", "cache-control", "expires"};
  const std::string lower = absl::AsciiStrToLower(ToAbsl(name));
  return std::count(kKept.begin(), kKept.end(), lower) > 0 ||
         absl::StartsWith(lower, "x-amz-meta-") || absl::StartsWith(lower, ToAbsl(kEncryption));
}

std::vector<aws::HttpHeader> EncryptionOf(const S3Object& object) {
  std::vector<aws::HttpHeader> headers;
  for (const aws::HttpHeader& header : object.headers) {
    if (absl::StartsWithIgnoreCase(header.name, ToAbsl(kEncryption))) headers.push_back(header);
  }
  return headers;
}

// What is wrong with the request's server-side encryption; empty: nothing.
std::string_view EncryptionFault(const std::vector<aws::HttpHeader>& headers) {
  const std::string_view kind = aws::FindHeader(headers, kEncryption);
  const bool kms = kind == "aws:kms" || kind == "aws:kms:dsse";
  if (!kind.empty() && kind != "AES256" && !kms) {
    return "The encryption method specified is not supported";
  }
  if (!aws::FindHeader(headers, kKmsKey).empty() && !kms) {
    return "Server Side Encryption with KMS managed key requires HTTP header "
           "x-amz-server-side-encryption : aws:kms";
  }
  return {};
}

}  // namespace

ServerResponse FakeS3::AnswerObject(const Call& call, Bucket& bucket, const Place& place) {
  if (call.operation == "PutObject") return AnswerPut(call, bucket, place.key);
  if (call.operation == "DeleteObject") {
    bucket.objects.erase(place.key);
    return {.status = 204, .headers = {}, .body = {}};
  }
  return AnswerGet(call, bucket, place.key);
}

std::optional<ServerResponse> FakeS3::CheckPut(const Call& call, const Bucket& bucket,
                                               const std::string& key) const {
  const ServerRequest& request = call.request;
  if (key.size() > kMaxKeyBytes) return Error(400, "KeyTooLongError", "Your key is too long");
  if (request.body.size() > options_.max_object_bytes) {
    return Error(400, "EntityTooLarge",
                 "Your proposed upload exceeds the maximum allowed object size.");
  }
  if (const std::string_view fault = EncryptionFault(request.headers); !fault.empty()) {
    return Error(400, "InvalidArgument", fault);
  }
  const std::string_view md5 = aws::FindHeader(request.headers, "content-md5");
  if (!md5.empty() && md5 != ToStd(absl::Base64Escape(Md5(request.body)))) {
    return Error(400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
  }
  if (aws::FindHeader(request.headers, "content-encoding").find("aws-chunked") !=
      std::string_view::npos) {
    return Error(501, "NotImplemented", "the fake's S3 takes no aws-chunked bodies");
  }
  if (aws::FindHeader(request.headers, "if-none-match") == "*" && bucket.objects.contains(key)) {
    return Error(412, "PreconditionFailed",
                 "At least one of the pre-conditions you specified did not hold");
  }
  return std::nullopt;
}

ServerResponse FakeS3::AnswerPut(const Call& call, Bucket& bucket, const std::string& key) {
  if (auto refusal = CheckPut(call, bucket, key)) return *std::move(refusal);
  const std::string md5 = Md5(call.request.body);
  S3Object object{.body = call.request.body,
                  .headers = {},
                  .etag = absl::StrCat("\"", absl::BytesToHexString(md5), "\""),
                  .modified = clock_.Now()};
  for (const aws::HttpHeader& header : call.request.headers) {
    if (IsKept(header.name)) object.headers.push_back(header);
  }
  if (aws::FindHeader(object.headers, kEncryption).empty()) {  // S3 encrypts all since 2023.
    object.headers.push_back({std::string(kEncryption), "AES256"});
  }
  ServerResponse response{.status = 200, .headers = EncryptionOf(object), .body = {}};
  response.headers.push_back({"ETag", object.etag});
  bucket.objects.insert_or_assign(key, std::move(object));
  return response;
}

ServerResponse FakeS3::AnswerGet(const Call& call, const Bucket& bucket,
                                 const std::string& key) const {
  const auto found = bucket.objects.find(key);
  if (found == bucket.objects.end()) {
    // Who may not list is not told whether a key exists.
    if (!iam_.Allows(call.caller, "s3:ListBucket")) {
      return Error(403, "AccessDenied", "Access Denied");
    }
    return Error(404, "NoSuchKey", "The specified key does not exist.");
  }
  const S3Object& object = found->second;
  ServerResponse response{.status = 200, .headers = object.headers, .body = object.body};
  if (aws::FindHeader(object.headers, "content-type").empty()) {
    response.headers.push_back({"Content-Type", "binary/octet-stream"});
  }
  response.headers.push_back({"ETag", object.etag});
  response.headers.push_back(
      {"Last-Modified",
       absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", object.modified, absl::UTCTimeZone())});
  return response;
}

}  // namespace tidemark::fake_aws

// What a call is about, and buckets.
#include "common/testing/fake_aws/s3.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/aws/uri.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/xml.h"

namespace tidemark::fake_aws {
namespace {

constexpr const char* kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";
constexpr int kMaxKeys = 1000;

struct Route {
  std::string_view method;
  bool has_key;
  std::string_view operation;
  std::string_view action;
};

constexpr std::array<Route, 8> kRoutes = {{
    {"PUT", false, "CreateBucket", "s3:CreateBucket"},
    {"HEAD", false, "HeadBucket", "s3:ListBucket"},
    {"GET", false, "ListObjectsV2", "s3:ListBucket"},
    {"DELETE", false, "DeleteBucket", "s3:DeleteBucket"},
    {"PUT", true, "PutObject", "s3:PutObject"},
    {"HEAD", true, "HeadObject", "s3:GetObject"},
    {"GET", true, "GetObject", "s3:GetObject"},
    {"DELETE", true, "DeleteObject", "s3:DeleteObject"},
}};

// Parameters that name no further operation: ListObjectsV2's, a presigned URL's, and the JavaScript
// SDK's note of the operation.
bool IsPlain(const Parameters& query, bool list) {
  constexpr std::array<std::string_view, 8> kOfList = {
      "list-type",          "prefix",      "max-keys",      "start-after",
      "continuation-token", "fetch-owner", "encoding-type", "delimiter"};
  return std::all_of(query.begin(), query.end(), [&](const auto& parameter) {
    const std::string& name = parameter.first;
    return name == "x-id" || name.starts_with("X-Amz-") ||
           (list && std::count(kOfList.begin(), kOfList.end(), name) > 0);
  });
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
bool IsBucketName(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '-';
         });
}

ServerResponse Empty(int status) { return {.status = status, .headers = {}, .body = {}}; }

}  // namespace

FakeS3::FakeS3(Options options, const FakeIam& iam, const Clock& clock)
    : options_(std::move(options)), iam_(iam), clock_(clock) {}

bool FakeS3::CreateBucket(const std::string& bucket, std::string account) {
  const std::lock_guard lock(mutex_);
  if (account.empty()) account = options_.account;
  return buckets_.try_emplace(bucket, Bucket{std::move(account), {}}).second;
}

std::vector<std::string> FakeS3::BucketNames() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, bucket] : buckets_) names.push_back(name);
  return names;
}

std::map<std::string, S3Object> FakeS3::Objects(const std::string& bucket) const {
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find(bucket);
  if (found == buckets_.end()) return {};
  return {found->second.objects.begin(), found->second.objects.end()};
}

FakeS3::Place FakeS3::PlaceOf(const ServerRequest& request) {
  std::string_view path = PathOf(request.target);
  path.remove_prefix(std::min<std::size_t>(path.size(), 1));
  const std::size_t slash = std::min(path.find('/'), path.size());
  Place place{.bucket = std::string(path.substr(0, slash)), .key = {}};
  aws::AppendUriDecoded(path.substr(std::min(slash + 1, path.size())), aws::Plus::kIsItself,
                        place.key);
  return place;
}

Call FakeS3::Read(const ServerRequest& request) const {
  const Place place = PlaceOf(request);
  Call call{
      .request = request, .operation = {}, .resource = place.bucket, .action = {}, .caller = {}};
  if (!place.key.empty()) absl::StrAppend(&call.resource, "/", place.key);
  for (const Route& route : kRoutes) {
    if (place.bucket.empty() || route.method != request.method ||
        route.has_key == place.key.empty()) {
      continue;
    }
    if (!IsPlain(ParseQuery(QueryOf(request.target)), route.operation == "ListObjectsV2")) break;
    call.operation = route.operation;
    call.action = route.action;
  }
  return call;
}

ServerResponse FakeS3::Answer(const Call& call, const std::optional<Fault>& /*records*/) {
  if (call.operation.empty()) {
    return Error(501, "NotImplemented", "the fake's S3 has no such operation");
  }
  const Place place = PlaceOf(call.request);
  const std::lock_guard lock(mutex_);
  if (call.operation == "CreateBucket") return AnswerCreateBucket(call, place);
  if (place.key.empty()) return AnswerBucket(call, place);
  ServerResponse refusal;
  Bucket* const bucket = FindBucket(call, place.bucket, refusal);
  return bucket == nullptr ? refusal : AnswerObject(call, *bucket, place);
}

ServerResponse FakeS3::Error(int status, std::string_view code, std::string_view message) const {
  pugi::xml_document document;
  pugi::xml_node error = document.append_child("Error");
  AppendText(error, "Code", code);
  AppendText(error, "Message", message);
  return {
      .status = status, .headers = {{"Content-Type", "application/xml"}}, .body = ToText(document)};
}

void FakeS3::Reset() {
  const std::lock_guard lock(mutex_);
  buckets_.clear();
}

FakeS3::Bucket* FakeS3::FindBucket(const Call& call, const std::string& name,
                                   ServerResponse& refusal) {
  const auto found = buckets_.find(name);
  if (found == buckets_.end()) {
    refusal = Error(404, "NoSuchBucket", "The specified bucket does not exist");
    return nullptr;
  }
  if (found->second.account != call.caller.account) {
    refusal = Error(403, "AccessDenied", "Access Denied");
    return nullptr;
  }
  return &found->second;
}

ServerResponse FakeS3::AnswerCreateBucket(const Call& call, const Place& place) {
  if (!IsBucketName(place.bucket)) {
    return Error(400, "InvalidBucketName", "The specified bucket is not valid.");
  }
  const auto [bucket, added] = buckets_.try_emplace(place.bucket, Bucket{call.caller.account, {}});
  if (!added && bucket->second.account != call.caller.account) {
    return Error(409, "BucketAlreadyExists", "The requested bucket name is not available.");
  }
  if (!added && options_.region != "us-east-1") {  // There AWS takes it for done.
    return Error(409, "BucketAlreadyOwnedByYou", "You already own this bucket.");
  }
  return {.status = 200, .headers = {{"Location", "/" + place.bucket}}, .body = {}};
}

ServerResponse FakeS3::AnswerBucket(const Call& call, const Place& place) {
  ServerResponse refusal;
  Bucket* const bucket = FindBucket(call, place.bucket, refusal);
  if (bucket == nullptr) return refusal;
  if (call.operation == "HeadBucket") {
    return {.status = 200, .headers = {{"x-amz-bucket-region", options_.region}}, .body = {}};
  }
  if (call.operation == "DeleteBucket") {
    if (!bucket->objects.empty()) {
      return Error(409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
    }
    buckets_.erase(place.bucket);
    return Empty(204);
  }
  return AnswerList(*bucket, place, ParseQuery(QueryOf(call.request.target)));
}

ServerResponse FakeS3::AnswerList(const Bucket& bucket, const Place& place,
                                  const Parameters& query) const {
  if (Get(query, "list-type") != "2" || query.contains("delimiter")) {
    return Error(501, "NotImplemented", "the fake's S3 lists with list-type=2, no delimiter");
  }
  int limit = kMaxKeys;
  if (query.contains("max-keys") &&
      (!absl::SimpleAtoi(ToAbsl(Get(query, "max-keys")), &limit) || limit < 0)) {
    return Error(400, "InvalidArgument", "Provided max-keys not an integer or within range");
  }
  limit = std::min(limit, kMaxKeys);
  const bool encode = Get(query, "encoding-type") == "url";
  const auto text = [encode](std::string_view key) {
    return encode ? aws::UriEncode(key) : std::string(key);
  };
  const std::string prefix(Get(query, "prefix"));
  // A token is the last key that was told.
  const std::string after(std::max(Get(query, "continuation-token"), Get(query, "start-after")));
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("ListBucketResult");
  root.append_attribute("xmlns") = kNamespace;
  AppendText(root, "Name", place.bucket);
  AppendText(root, "Prefix", text(prefix));
  AppendText(root, "MaxKeys", absl::StrCat(limit));
  if (encode) AppendText(root, "EncodingType", "url");
  int count = 0;
  std::string_view last;
  bool more = false;
  for (auto at = bucket.objects.lower_bound(std::max(prefix, after));
       at != bucket.objects.end() && at->first.starts_with(prefix); ++at) {
    if (!after.empty() && at->first <= after) continue;
    if (count == limit) {
      more = true;
      break;
    }
    ++count;
    last = at->first;
    pugi::xml_node item = root.append_child("Contents");
    AppendText(item, "Key", text(at->first));
    AppendText(item, "LastModified",
               absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", at->second.modified, absl::UTCTimeZone()));
    AppendText(item, "ETag", at->second.etag);
    AppendText(item, "Size", absl::StrCat(at->second.body.size()));
    AppendText(item, "StorageClass", "STANDARD");
  }
  AppendText(root, "KeyCount", absl::StrCat(count));
  AppendText(root, "IsTruncated", more ? "true" : "false");
  if (more) AppendText(root, "NextContinuationToken", last);
  return {
      .status = 200, .headers = {{"Content-Type", "application/xml"}}, .body = ToText(document)};
}

}  // namespace tidemark::fake_aws

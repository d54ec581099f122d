#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/aws/http_message.h"
#include "common/base/clock.h"
#include "common/testing/fake_aws/query.h"
#include "common/testing/fake_aws/service.h"

namespace tidemark::fake_aws {

// An object as S3 keeps it.
struct S3Object {
  std::string body;
  // Given with the object and told with it: Content-Type, x-amz-meta-*, server-side encryption.
  std::vector<aws::HttpHeader> headers;
  std::string etag;  // in quotes
  absl::Time modified;
};

// Amazon S3 with paths like /BUCKET/KEY: CreateBucket, HeadBucket, DeleteBucket, ListObjectsV2
// (prefix, start-after, pages), PutObject (If-None-Match: *, Content-MD5, server-side encryption),
// GetObject, HeadObject, DeleteObject. A bucket is its account's own. A call's resource is
// "BUCKET/KEY". Safe for concurrent use.
class FakeS3 final : public Service {
 public:
  struct Options {
    std::string region = "us-east-1";
    std::string account = "123456789012";
    // AWS takes 5 GiB in one PutObject.
    std::size_t max_object_bytes = std::size_t{48} << 20;
  };

  // `iam` and `clock` must outlive the fake.
  FakeS3(Options options, const FakeIam& iam, const Clock& clock);

  // What a test does directly. False if the bucket is there; `account` empty: the fake's own.
  bool CreateBucket(const std::string& bucket, std::string account = "");
  std::vector<std::string> BucketNames() const;
  // The objects of a bucket by key; none for an unknown bucket.
  std::map<std::string, S3Object> Objects(const std::string& bucket) const;

  std::string_view name() const override { return "s3"; }
  Call Read(const ServerRequest& request) const override;
  ServerResponse Answer(const Call& call, const std::optional<Fault>& records) override;
  ServerResponse Error(int status, std::string_view code, std::string_view message) const override;
  void Reset() override;

 private:
  struct Bucket {
    std::string account;
    std::map<std::string, S3Object, std::less<>> objects;
  };
  // What a call addresses.
  struct Place {
    std::string bucket;
    std::string key;
  };

  static Place PlaceOf(const ServerRequest& request);
  // All below: with mutex_ held.
  ServerResponse AnswerBucket(const Call& call, const Place& place);
  ServerResponse AnswerCreateBucket(const Call& call, const Place& place);
  ServerResponse AnswerList(const Bucket& bucket, const Place& place,
                            const Parameters& query) const;
  ServerResponse AnswerObject(const Call& call, Bucket& bucket, const Place& place);
  ServerResponse AnswerPut(const Call& call, Bucket& bucket, const std::string& key);
  ServerResponse AnswerGet(const Call& call, const Bucket& bucket, const std::string& key) const;
  std::optional<ServerResponse> CheckPut(const Call& call, const Bucket& bucket,
                                         const std::string& key) const;
  // The bucket, or why it is not given.
  Bucket* FindBucket(const Call& call, const std::string& name, ServerResponse& refusal);

  const Options options_;
  const FakeIam& iam_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Bucket, std::less<>> buckets_;  // guarded by mutex_
};

}  // namespace tidemark::fake_aws

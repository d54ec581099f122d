#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/testing/fake_aws/kinesis_stream.h"
#include "common/testing/fake_aws/service.h"

namespace tidemark::fake_aws {

struct PutRecordsRequest;

// How much of what streams take is kept.
enum class Keep {
  kRecords,  // all, for reading back
  kUnread,   // those that the one reader of each shard did not get yet: see GetRecords
  kCounts,   // how many and how large, for load tests
};

// Amazon Kinesis Data Streams: CreateStream, DeleteStream, DescribeStream, DescribeStreamSummary,
// ListStreams, ListShards, UpdateShardCount (to twice or half as many), UpdateMaxRecordSize,
// PutRecord, PutRecords, GetShardIterator, GetRecords. Each account has streams of its own. It
// keeps AWS's limits of a call, and never throttles by itself. Safe for concurrent use.
class FakeKinesis final : public Service {
 public:
  struct Options {
    std::string region = "us-east-1";
    std::string account = "123456789012";
    Keep keep = Keep::kRecords;
    // How long a new stream is CREATING, and a deleted one DELETING, before it is gone.
    absl::Duration create_time = absl::ZeroDuration();
    absl::Duration delete_time = absl::ZeroDuration();
    // How long a stream whose shards were changed is UPDATING; it takes records meanwhile.
    absl::Duration update_time = absl::ZeroDuration();
    std::uint64_t seed = 1;  // of the chance in Fault::fraction
  };

  // What became of a stream's records.
  struct Counts {
    std::uint64_t accepted = 0;
    std::uint64_t accepted_bytes = 0;  // data and partition keys
    std::uint64_t failed = 0;          // by faults of kind kRecords
  };

  // `clock` must outlive the fake.
  FakeKinesis(Options options, const Clock& clock);
  ~FakeKinesis() override;

  // What a test does directly; false if the name is taken, or unknown. Here and below a name is of
  // the fake's own account, or "ACCOUNT/NAME".
  bool CreateStream(const std::string& name, int shards = 1);
  bool DeleteStream(const std::string& name);
  // False as well unless `shards` is twice or half the number of open shards.
  bool Reshard(const std::string& name, int shards);
  // 1 to 10 MiB, of data and partition key.
  bool SetMaxRecordBytes(const std::string& name, std::size_t bytes);
  // From now on calls are refused that hold a record with this text in its data, as AWS refuses a
  // whole call for one record that it dislikes. Empty: none.
  bool SetPoison(const std::string& name, const std::string& text);
  // Holds the stream in a state ("CREATING", "ACTIVE", "UPDATING", "DELETING") until told
  // otherwise;
  // "" lets it go on by itself.
  bool SetStatus(const std::string& name, const std::string& status);

  // What a stream took, in order of arrival. Empty for an unknown stream, and with Keep::kCounts.
  std::vector<ReceivedRecord> Records(const std::string& name, std::size_t from = 0,
                                      std::size_t limit = SIZE_MAX) const;
  Counts CountsOf(const std::string& name) const;
  std::vector<std::string> StreamNames() const;

  std::string_view name() const override { return "kinesis"; }
  Call Read(const ServerRequest& request) const override;
  ServerResponse Answer(const Call& call, const std::optional<Fault>& records) override;
  ServerResponse Error(int status, std::string_view code, std::string_view message) const override;
  void Reset() override;

 private:
  struct Entry;
  using Json = nlohmann::json;
  using Operation = ServerResponse (FakeKinesis::*)(const Call& call, const Json& input);

  // All below: with mutex_ held.
  static Operation FindOperation(std::string_view name);
  ServerResponse AnswerCreateStream(const Call& call, const Json& input);
  ServerResponse AnswerDeleteStream(const Call& call, const Json& input);
  ServerResponse AnswerDescribeStream(const Call& call, const Json& input);
  ServerResponse AnswerDescribeStreamSummary(const Call& call, const Json& input);
  ServerResponse AnswerListStreams(const Call& call, const Json& input);
  ServerResponse AnswerListShards(const Call& call, const Json& input);
  ServerResponse AnswerUpdateShardCount(const Call& call, const Json& input);
  ServerResponse AnswerUpdateMaxRecordSize(const Call& call, const Json& input);
  ServerResponse AnswerGetShardIterator(const Call& call, const Json& input);
  ServerResponse AnswerGetRecords(const Call& call, const Json& input);
  ServerResponse AnswerPutRecord(const Call& call, const Json& input);
  ServerResponse AnswerPutRecords(const Call& call, const std::optional<Fault>& fault);

  // "ACCOUNT/NAME" of a stream that a test names, or that a caller names by name or ARN.
  std::string PathOf(std::string_view name) const;
  static std::string PathOf(const Caller& caller, std::string_view stream);
  // The stream there, or the one that `input` names, whatever its state; nullptr if there is none.
  Entry* Find(std::string_view path);
  Entry* FindIn(const Call& call, const Json& input);
  // Takes out deleted streams whose time has come.
  void Purge();
  Entry& Add(const std::string& path, int shards);
  void Delete(Entry& entry);
  bool Reshard(Entry& entry, int shards);
  std::string StatusOf(const Entry& entry) const;
  // Whether the stream takes and gives records.
  bool IsOpen(const Entry* entry) const;
  Json Describe(const Entry& entry) const;
  Json DescribeShards(const Entry& entry) const;
  ServerResponse NotFound(const Call& call) const;
  // What is wrong with a call to put `request`, if anything. `entry` is nullptr if there is no such
  // stream.
  std::optional<ServerResponse> CheckPut(const PutRecordsRequest& request,
                                         const Entry* entry) const;
  std::vector<bool> ChooseFailures(const PutRecordsRequest& request, const Fault& fault);

  const Options options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>>
      streams_;             // by path; guarded by mutex_
  std::mt19937_64 random_;  // guarded by mutex_
};

}  // namespace tidemark::fake_aws

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
  kCounts,   // how many and how large, for load tests
};

// Amazon Kinesis Data Streams: CreateStream, DeleteStream, DescribeStream, DescribeStreamSummary,
// ListStreams, ListShards, PutRecord, PutRecords, GetShardIterator, GetRecords. It keeps AWS's
// limits of a call, and never throttles by itself. Safe for concurrent use.
class FakeKinesis final : public Service {
 public:
  struct Options {
    std::string region = "us-east-1";
    std::string account = "123456789012";
    Keep keep = Keep::kRecords;
    // How long a new stream is CREATING, and a deleted one DELETING, before it is gone.
    absl::Duration create_time = absl::ZeroDuration();
    absl::Duration delete_time = absl::ZeroDuration();
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

  // What a test does directly; false if the name is taken, or unknown.
  bool CreateStream(const std::string& name, int shards = 1);
  bool DeleteStream(const std::string& name);
  // Holds the stream in a state ("CREATING", "ACTIVE", "UPDATING", "DELETING") for good.
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
  using Operation = ServerResponse (FakeKinesis::*)(const Json& input);

  // All below: with mutex_ held.
  static Operation FindOperation(std::string_view name);
  ServerResponse AnswerCreateStream(const Json& input);
  ServerResponse AnswerDeleteStream(const Json& input);
  ServerResponse AnswerDescribeStream(const Json& input);
  ServerResponse AnswerDescribeStreamSummary(const Json& input);
  ServerResponse AnswerListStreams(const Json& input);
  ServerResponse AnswerListShards(const Json& input);
  ServerResponse AnswerGetShardIterator(const Json& input);
  ServerResponse AnswerGetRecords(const Json& input);
  ServerResponse AnswerPutRecord(const Call& call, const Json& input);
  ServerResponse AnswerPutRecords(const Call& call, const std::optional<Fault>& fault);

  // The stream with this name or ARN, or that `input` names, whatever its state; nullptr if there
  // is none.
  Entry* Find(std::string_view stream);
  Entry* FindIn(const Json& input);
  // Takes out deleted streams whose time has come.
  void Purge();
  Entry& Add(const std::string& name, int shards);
  void Delete(Entry& entry);
  std::string StatusOf(const Entry& entry) const;
  // Whether the stream takes and gives records.
  bool IsOpen(const Entry* entry) const;
  Json Describe(const Entry& entry) const;
  Json DescribeShards(const Entry& entry) const;
  ServerResponse NotFound(std::string_view stream) const;
  // What is wrong with a call to put `request`, if anything.
  std::optional<ServerResponse> CheckPut(const PutRecordsRequest& request) const;
  std::vector<bool> ChooseFailures(const PutRecordsRequest& request, const Fault& fault);

  const Options options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> streams_;  // guarded by mutex_
  std::mt19937_64 random_;                                              // guarded by mutex_
};

}  // namespace tidemark::fake_aws

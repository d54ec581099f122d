// tidemark-fake-aws: AWS for tests, as a process of its own.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/aws/credentials_file.h"
#include "common/base/stop_signals.h"
#include "common/testing/fake_aws/fake_aws.h"

namespace tidemark::fake_aws {
namespace {

struct Flags {
  std::uint16_t port = 0;
  std::string region = "us-east-1";
  std::string account = "123456789012";
  std::string keys;
  bool counts_only = false;
  bool forget_read = false;
  double create_seconds = 0;
  double delete_seconds = 0;
  double update_seconds = 0;
  std::vector<std::string> streams;
  std::vector<std::string> buckets;
  std::vector<std::string> roles;
  std::vector<std::string> applications;
  std::vector<std::string> functions;
};

void Declare(CLI::App& app, Flags& flags) {
  app.add_option("--port", flags.port, "port on 127.0.0.1; 0 picks a free one and prints it");
  app.add_option("--region", flags.region, "region that calls are signed for");
  app.add_option("--account", flags.account, "account id in ARNs");
  app.add_option("--keys", flags.keys,
                 "credentials file; then every call must be signed by one of its keys or by a "
                 "role's session");
  app.add_flag("--counts-only", flags.counts_only,
               "count records and pushes instead of keeping them");
  app.add_flag("--forget-read", flags.forget_read,
               "keep records until GetRecords went past them in every shard; for one reader")
      ->excludes("--counts-only");
  app.add_option("--create-seconds", flags.create_seconds, "how long a stream is CREATING");
  app.add_option("--delete-seconds", flags.delete_seconds, "how long a stream is DELETING");
  app.add_option("--update-seconds", flags.update_seconds,
                 "how long a stream is UPDATING after resharding");
  app.add_option("--bucket", flags.buckets, "an S3 bucket to begin with");
  app.add_option("--role", flags.roles,
                 "ARN of a role to begin with, which anybody may assume and which may do all");
  app.add_option("--application", flags.applications,
                 "an SNS platform application to begin with, PLATFORM/NAME");
  app.add_option("--function", flags.functions,
                 "a Lambda function to begin with, which answers what it is given");
  app.add_option("--stream", flags.streams, "a stream to begin with, NAME or NAME:SHARDS");
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "tidemark-fake-aws: %s\n", status.ToString().c_str());
  return 1;
}

absl::Status AddRole(const std::string& arn, FakeIam& iam) {
  if (!AccountOfRole(arn)) {
    return absl::InvalidArgumentError(arn + " is not arn:aws:iam::ACCOUNT:role/NAME");
  }
  Role role;
  role.arn = arn;
  iam.PutRole(std::move(role));
  return absl::OkStatus();
}

absl::Status AddApplication(const std::string& text, FakeSns& sns) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  if (parts.first.empty() || parts.second.empty()) {
    return absl::InvalidArgumentError(text + " is not PLATFORM/NAME");
  }
  sns.CreateApplication(parts.first, parts.second);
  return absl::OkStatus();
}

absl::Status AddStream(const std::string& text, FakeKinesis& kinesis) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  int shards = 1;
  if (!parts.second.empty() && (!absl::SimpleAtoi(parts.second, &shards) || shards < 1)) {
    return absl::InvalidArgumentError(text + " is not NAME or NAME:SHARDS");
  }
  kinesis.CreateStream(parts.first, shards);
  return absl::OkStatus();
}

int Run(const Flags& flags, const StopSignals& stop) {
  FakeAws::Options options;
  options.port = flags.port;
  options.region = flags.region;
  options.account = flags.account;
  options.kinesis.keep = flags.counts_only   ? Keep::kCounts
                         : flags.forget_read ? Keep::kUnread
                                             : Keep::kRecords;
  options.sns.keep_pushes = !flags.counts_only;
  options.kinesis.create_time = absl::Seconds(flags.create_seconds);
  options.kinesis.delete_time = absl::Seconds(flags.delete_seconds);
  options.kinesis.update_time = absl::Seconds(flags.update_seconds);
  if (!flags.keys.empty()) {
    const auto profiles = aws::LoadCredentialsFile(flags.keys);
    if (!profiles.ok()) return Fail(profiles.status());
    for (const auto& profile : *profiles) options.keys.push_back(profile.credentials);
  }
  const auto fake = FakeAws::Start(std::move(options));
  if (!fake.ok()) return Fail(fake.status());
  absl::Status status;
  for (const std::string& arn : flags.roles) status.Update(AddRole(arn, (*fake)->iam()));
  for (const std::string& bucket : flags.buckets) (*fake)->s3().CreateBucket(bucket);
  for (const std::string& application : flags.applications) {
    status.Update(AddApplication(application, (*fake)->sns()));
  }
  for (const std::string& function : flags.functions) (*fake)->lambda().PutFunction(function);
  for (const std::string& stream : flags.streams) {
    status.Update(AddStream(stream, (*fake)->kinesis()));
  }
  if (!status.ok()) return Fail(status);
  std::printf("listening on %s\n", (*fake)->Url().c_str());
  std::fflush(stdout);
  stop.Wait();
  return 0;
}

}  // namespace
}  // namespace tidemark::fake_aws

int main(int argc, char** argv) {
  const tidemark::StopSignals stop;
  CLI::App app{
      "AWS for tests: Kinesis, Lambda, S3, SNS and STS on loopback, with faults by script (POST "
      "/_fake/script)"};
  tidemark::fake_aws::Flags flags;
  tidemark::fake_aws::Declare(app, flags);
  CLI11_PARSE(app, argc, argv);
  return tidemark::fake_aws::Run(flags, stop);
}

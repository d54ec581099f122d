#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/aws/kinesis.h"
#include "common/aws/sts.h"

namespace tidemark::publisher {

// Finds out whether a stream could be written, before it is enabled. Safe for concurrent use.
class StreamCheck {
 public:
  struct Question {
    std::string stream_name;
    std::string role_arn;
    std::string external_id;
  };
  // The stream's ARN, or STREAM_NOT_FOUND, STREAM_NOT_ACTIVE, ROLE_NOT_USABLE, SERVICE_UNAVAILABLE
  // or DEADLINE_EXCEEDED as the proto says.
  using Done = std::function<void(absl::StatusOr<std::string>)>;

  virtual ~StreamCheck() = default;

  // Asks and changes nothing. Calls back once, on any thread, perhaps before it returns, soon after
  // `deadline` (wall clock) at the latest.
  virtual void Check(const Question& question, absl::Time deadline, Done done) = 0;
};

// Assumes the role anew, and describes the stream with it.
class AwsStreamCheck final : public StreamCheck {
 public:
  struct Options {
    bool assume_roles = true;                     // off: the base credentials look
    absl::Duration call_time = absl::Seconds(5);  // of each call of AWS, at most
  };

  // `sts` signs with the base credentials, as does `kinesis` without roles.
  AwsStreamCheck(const Options& options, aws::StsClient sts, aws::KinesisClient kinesis);

  void Check(const Question& question, absl::Time deadline, Done done) override;

 private:
  class Inquiry;
  const Options options_;
  const aws::StsClient sts_;
  const aws::KinesisClient kinesis_;
};

}  // namespace tidemark::publisher

#include "services/publisher/engine/stream_check.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/aws/role_trial.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"
#include "common/obs/log.h"

namespace tidemark::publisher {
namespace {

using absl::StatusCode;
using aws::CallError;
using aws::ErrorClass;

// Of each call: a clock that is off, or one broken connection, is no reason to refuse.
constexpr int kAttempts = 3;
constexpr char kDescribe[] = "kinesis:DescribeStreamSummary";

std::string Shown(std::string_view text) { return errors::Excerpt(text, 256); }

absl::Status RoleNotUsable(const StreamCheck::Question& question, std::string_view action,
                           std::string_view what) {
  return errors::Error(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_ROLE_NOT_USABLE,
                       absl::StrCat("the role '", Shown(question.role_arn), "' ", ToAbsl(what)),
                       {{"roleArn", question.role_arn}, {"action", std::string(action)}});
}

absl::Status StreamNotFound(const StreamCheck::Question& question) {
  return errors::Error(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STREAM_NOT_FOUND,
                       absl::StrCat("the Kinesis stream '", Shown(question.stream_name),
                                    "' does not exist where the role looks; create it, or correct "
                                    "its name"),
                       {{"streamName", question.stream_name}});
}

absl::Status StreamNotActive(const StreamCheck::Question& question, const char* status) {
  return errors::Error(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STREAM_NOT_ACTIVE,
                       absl::StrCat("the Kinesis stream '", Shown(question.stream_name), "' is ",
                                    status, "; try again when it is ACTIVE"),
                       {{"streamName", question.stream_name}, {"status", status}});
}

absl::Status Unavailable(std::string_view service, std::string_view what) {
  return errors::Error(StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
                       absl::StrCat(ToAbsl(service), " ", ToAbsl(what)),
                       {{"service", std::string(service)}});
}

absl::Status Late() {
  return errors::Error(StatusCode::kDeadlineExceeded, errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
                       "AWS did not answer before the call's deadline");
}

}  // namespace

// One check under way; it lives as long as its calls of AWS.
class AwsStreamCheck::Inquiry : public std::enable_shared_from_this<Inquiry> {
 public:
  Inquiry(const AwsStreamCheck& check, Question question, absl::Time deadline, Done done)
      : sts_(check.sts_),
        kinesis_(check.kinesis_),
        options_(check.options_),
        question_(std::move(question)),
        deadline_(deadline),
        done_(std::move(done)) {}

  void Begin() {
    if (!options_.assume_roles) return Describe(nullptr, kAttempts);
    aws::TryRole(sts_,
                 {.role_arn = question_.role_arn,
                  .external_id = question_.external_id,
                  .deadline = deadline_,
                  .call_time = options_.call_time},
                 [self = shared_from_this()](
                     absl::StatusOr<std::shared_ptr<aws::CredentialsProvider>> role) {
                   if (!role.ok()) return self->done_(std::move(role).status());
                   self->Describe(*role, kAttempts);
                 });
  }

 private:
  // `role`: null for the base credentials.
  void Describe(const std::shared_ptr<aws::CredentialsProvider>& role, int attempts) {
    auto options = NextCall();
    if (!options) return done_(Late());
    options->credentials = role;
    kinesis_.DescribeStreamSummary(
        question_.stream_name, *options,
        [self = shared_from_this(), role, attempts](const aws::StreamSummaryResult& result) {
          if (!result.error) return self->Described(result.summary);
          if (self->MayRetry(*result.error, attempts - 1)) {
            return self->Describe(role, attempts - 1);
          }
          self->NotDescribed(*result.error, role != nullptr);
        });
  }

  void Described(const aws::StreamSummary& stream) {
    switch (stream.status) {
      case aws::StreamStatus::kCreating:
        return done_(StreamNotActive(question_, "CREATING"));
      case aws::StreamStatus::kDeleting:
        return done_(StreamNotActive(question_, "DELETING"));
      case aws::StreamStatus::kActive:
      case aws::StreamStatus::kUpdating:
      case aws::StreamStatus::kUnknown:
        return done_(stream.arn);
    }
  }

  void NotDescribed(const CallError& error, bool with_role) {
    if (error.code == "ResourceNotFoundException") return done_(StreamNotFound(question_));
    Note(error);
    if (with_role && error.error_class == ErrorClass::kPermanent) {
      return done_(RoleNotUsable(question_, kDescribe,
                                 absl::StrCat("may not call ", kDescribe, " on the stream")));
    }
    done_(NotAnswered("kinesis", error));
  }

  // How to make the next call; nothing if there is no time left.
  std::optional<aws::CallOptions> NextCall() const {
    const absl::Duration left = deadline_ - absl::Now();
    if (left <= absl::ZeroDuration()) return std::nullopt;
    return aws::CallOptions{.timeouts = {.total = std::min(left, options_.call_time)}};
  }

  static bool MayRetry(const CallError& error, int attempts) {
    return attempts > 0 && (error.error_class == ErrorClass::kTransient ||
                            error.error_class == ErrorClass::kCredentials);
  }

  static absl::Status NotAnswered(std::string_view service, const CallError& error) {
    switch (error.error_class) {
      case ErrorClass::kThrottle:
        return Unavailable(service, "is asked too often; try again later");
      case ErrorClass::kTransient:
        return Unavailable(service, "does not answer; try again later");
      case ErrorClass::kCredentials:
      case ErrorClass::kPermanent:
      case ErrorClass::kOff:
        return Unavailable(service, "refuses Tidemark's own credentials; see the publisher's log");
    }
    return Unavailable(service, "does not answer");
  }

  // AWS's words are for operators alone.
  void Note(const CallError& error) const {
    std::ostringstream text;
    text << error;
    obs::Log(
        obs::Level::kWarning, "a stream could not be checked",
        {{"stream", question_.stream_name}, {"role", question_.role_arn}, {"error", text.str()}});
  }

  const aws::StsClient sts_;
  const aws::KinesisClient kinesis_;
  const Options options_;
  const Question question_;
  const absl::Time deadline_;
  const Done done_;
};

AwsStreamCheck::AwsStreamCheck(const Options& options, aws::StsClient sts,
                               aws::KinesisClient kinesis)
    : options_(options), sts_(std::move(sts)), kinesis_(std::move(kinesis)) {}

void AwsStreamCheck::Check(const Question& question, absl::Time deadline, Done done) {
  std::make_shared<Inquiry>(*this, question, deadline, std::move(done))->Begin();
}

}  // namespace tidemark::publisher

#include "services/dataset/trigger/trigger_errors.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"

namespace tidemark::dataset {
namespace {

using nlohmann::json;

constexpr absl::Duration kRetryDelay = absl::Seconds(1);
// Of a fault: it travels twice in a gRPC trailer, of which clients take 8 KiB.
constexpr std::size_t kMaxFault = 1024;
// Of a function's own text in an error.
constexpr std::size_t kMaxErrorText = 256;
// A description that is larger than this is not looked at.
constexpr std::size_t kMaxDescription = std::size_t{64} << 10;

absl::Status TriggerTimedOut(const std::string& function) {
  return errors::Error(
      absl::StatusCode::kDeadlineExceeded, errors::v1::ERROR_REASON_TRIGGER_TIMED_OUT,
      "the pool's sync trigger did not answer in time; nothing was changed. It has "
      "5 seconds: make it faster",
      {{"function", function}});
}

std::string TextMember(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return "";
  return errors::Excerpt(member->get_ref<const std::string&>(), kMaxErrorText);
}

}  // namespace

absl::Status TriggerFailed(const std::string& function, std::string_view fault) {
  const std::string kept = errors::Excerpt(fault, kMaxFault);
  return errors::Error(absl::StatusCode::kFailedPrecondition,
                       errors::v1::ERROR_REASON_TRIGGER_FAILED,
                       absl::StrCat("the pool's sync trigger failed; nothing was changed: ", kept),
                       {{"function", function}, {"fault", kept}});
}

absl::Status TriggerThrottled(const std::string& function, std::string_view why) {
  return errors::WithRetryDelay(
      errors::Error(
          absl::StatusCode::kResourceExhausted, errors::v1::ERROR_REASON_TRIGGER_THROTTLED,
          absl::StrCat("the pool's sync trigger can't run now; nothing was changed: ", ToAbsl(why),
                       ". Try again in a moment"),
          {{"function", function}}),
      kRetryDelay);
}

absl::Status TriggerError(const std::string& function, const aws::CallError& error) {
  using aws::ErrorClass;
  if (error.http_status == 0 && error.code == aws::kTimeoutCode) return TriggerTimedOut(function);
  if (error.http_status == 0 && error.code == aws::kTooLargeCode) {
    return TriggerFailed(function, "the output is far larger than 6291456 bytes, the most allowed");
  }
  switch (error.error_class) {
    case ErrorClass::kThrottle:
      return TriggerThrottled(function, "Lambda throttles it");
    case ErrorClass::kTransient:
      return TriggerThrottled(function, "Lambda can't be reached, or is not well");
    case ErrorClass::kCredentials:
      return TriggerFailed(function,
                           "this installation has no valid AWS credentials to invoke it with; an "
                           "operator gives the dataset service some");
    case ErrorClass::kPermanent:
    case ErrorClass::kOff:
      break;
  }
  if (error.http_status == 404) {
    return TriggerFailed(function,
                         "there is no such function; create it, or set the pool's SyncTrigger to "
                         "another one or to none");
  }
  if (error.http_status == 403) {
    return TriggerFailed(function,
                         "this installation may not invoke it; allow its AWS credentials "
                         "lambda:InvokeFunction on the function");
  }
  return TriggerFailed(function, absl::StrCat("Lambda refuses to run it: ", error.http_status, " ",
                                              ToAbsl(errors::Excerpt(error.code))));
}

absl::Status TriggerFailure(const std::string& function, std::string_view payload) {
  std::string fault = "the function raised an error";
  if (payload.size() <= kMaxDescription) {
    const json description = json::parse(payload.begin(), payload.end(), nullptr,
                                         /*allow_exceptions=*/false);
    if (description.is_object()) {
      const std::string type = TextMember(description, "errorType");
      const std::string message = TextMember(description, "errorMessage");
      if (!type.empty()) absl::StrAppend(&fault, " ", type);
      if (!message.empty()) absl::StrAppend(&fault, ": ", message);
    }
  }
  return TriggerFailed(function, fault);
}

}  // namespace tidemark::dataset

#include "services/push/sns/sns_errors.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/errors/error.h"
#include "common/errors/violations.h"
#include "common/obs/log.h"

namespace tidemark::push {
namespace {

using absl::StatusCode;
using aws::CallError;
using aws::ErrorClass;

constexpr int kForbidden = 403;

// No request was made: there were no credentials to sign it with.
bool HadNoCredentials(const CallError& error) { return error.http_status == 0; }

absl::Status Unavailable(const char* what, absl::Duration retry) {
  return errors::WithRetryDelay(
      errors::Error(StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
                    absl::StrCat("SNS ", what), {{"service", "sns"}}),
      retry);
}

absl::Status RoleNotUsable(const SnsRequest& request, const char* action, const char* what) {
  return errors::Error(
      StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_ROLE_NOT_USABLE,
      absl::StrCat("the role '", errors::Excerpt(request.access.role_arn, 256), "' ", what),
      {{"roleArn", request.access.role_arn}, {"action", action}});
}

// Refused for good: those who asked, the role's fault or our own.
absl::Status Denied(const CallError& error, const SnsRequest& request) {
  if (request.access.role_arn.empty()) {
    return Unavailable("refuses Tidemark's own credentials; see the push service's log",
                       absl::Minutes(1));
  }
  if (HadNoCredentials(error)) {
    return RoleNotUsable(request, "sts:AssumeRole",
                         "does not exist, or does not trust Tidemark with the pool's external id");
  }
  return RoleNotUsable(request, request.action,
                       absl::StrCat("may not call ", request.action).c_str());
}

absl::Status TokenRefused() {
  errors::Violations violations;
  violations.Add("token", "SNS refuses it for the platform");
  return violations.ToStatus();
}

absl::Status ApplicationNotUsable(const CallError& error, const SnsRequest& request) {
  const char* const what = error.code == "NotFound"                      ? "does not exist"
                           : error.code == "PlatformApplicationDisabled" ? "is disabled"
                           : IsForeign(request) ? "is not of the role's account"
                                                : "refuses what it is asked";
  return errors::Error(StatusCode::kFailedPrecondition,
                       errors::v1::ERROR_REASON_PLATFORM_APPLICATION_NOT_USABLE,
                       absl::StrCat("the SNS platform application '",
                                    errors::Excerpt(request.application_arn, 256), "' ", what),
                       {{"applicationArn", request.application_arn}, {"code", error.code}});
}

// The account in an ARN.
std::string AccountOf(const std::string& arn) {
  const std::vector<std::string> parts = absl::StrSplit(arn, ':');
  return parts.size() > 4 ? parts[4] : "";
}

}  // namespace

bool IsForeign(const SnsRequest& request) {
  return !request.access.role_arn.empty() && !request.application_arn.empty() &&
         AccountOf(request.access.role_arn) != AccountOf(request.application_arn);
}

bool IsDenied(const CallError& error) {
  const bool lasting =
      error.error_class == ErrorClass::kOff || error.error_class == ErrorClass::kPermanent;
  return lasting && (HadNoCredentials(error) || error.http_status == kForbidden);
}

absl::Status Explain(const CallError& error, const SnsRequest& request) {
  switch (error.error_class) {
    case ErrorClass::kThrottle:
      return Unavailable("is asked too often; try again later", absl::Seconds(2));
    case ErrorClass::kTransient:
      return Unavailable("does not answer; try again later", absl::Seconds(1));
    case ErrorClass::kCredentials:
      return Unavailable("can't be asked, for want of credentials; try again later",
                         absl::Seconds(5));
    case ErrorClass::kPermanent:
    case ErrorClass::kOff:
      break;
  }
  if (IsDenied(error) && !(IsForeign(request) && !HadNoCredentials(error))) {
    return Denied(error, request);
  }
  if (error.code == "InvalidParameter" &&
      absl::StartsWith(error.message, "Invalid parameter: Token")) {
    return TokenRefused();
  }
  return ApplicationNotUsable(error, request);
}

absl::Status EndpointVanishes() {
  return Unavailable("deletes the endpoint at this moment; try again", absl::Seconds(1));
}

void LogFailure(const CallError& error, const SnsRequest& request) {
  obs::Log(obs::Level::kWarning, "a call of SNS failed",
           {{"action", request.action},
            {"application", request.application_arn},
            {"role", request.access.role_arn},
            {"class", aws::ErrorClassName(error.error_class)},
            {"http_status", error.http_status},
            {"code", error.code},
            {"aws_request_id", error.request_id},
            // What stopped it before it reached SNS. SNS's own words may hold the token.
            {"error", error.http_status == 0 ? error.message : std::string()}});
}

}  // namespace tidemark::push

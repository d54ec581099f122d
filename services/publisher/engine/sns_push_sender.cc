#include "services/publisher/engine/sns_push_sender.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

namespace tidemark::publisher {
namespace {

// Permanent errors that speak of what was sent. The others speak of permissions and keys.
bool ConcernsMessage(std::string_view code) {
  return code == "InvalidParameter" || code == "InvalidParameterValue" ||
         code == "ParameterValueInvalid" || code == "ValidationException" ||
         code == "MalformedQueryString";
}

PushSender::Answer AnswerOf(const std::optional<aws::CallError>& error) {
  if (!error) return {};
  std::ostringstream text;
  text << *error;
  return {PushEndOf(*error), text.str()};
}

}  // namespace

PushEnd PushEndOf(const aws::CallError& error) {
  switch (error.error_class) {
    case aws::ErrorClass::kTransient:
    case aws::ErrorClass::kCredentials:
      return PushEnd::kTransient;
    case aws::ErrorClass::kThrottle:
      return PushEnd::kThrottled;
    case aws::ErrorClass::kPermanent:
      return ConcernsMessage(error.code) ? PushEnd::kRefused : PushEnd::kDenied;
    case aws::ErrorClass::kOff:
      if (error.code == "EndpointDisabled") return PushEnd::kDisabled;
      if (error.code == "NotFound") return PushEnd::kGone;
      // Of one platform alone: others' pushes must not wait until an operator has mended it.
      return error.code == "PlatformApplicationDisabled" ? PushEnd::kRefused : PushEnd::kDenied;
  }
  return PushEnd::kTransient;
}

SnsPushSender::SnsPushSender(aws::SnsClient client, aws::RoleCredentials* roles,
                             absl::Duration timeout)
    : client_(std::move(client)),
      roles_(roles),
      timeouts_{.connect = std::min(timeout, absl::Seconds(3)), .total = timeout} {}

void SnsPushSender::Send(const PushPool& pool, std::string_view endpoint_arn,
                         std::string_view message, Sent done) {
  aws::CallOptions options{.timeouts = timeouts_, .traceparent = ""};
  if (roles_ != nullptr && !pool.role_arn.empty()) {
    options.credentials = roles_->Of(pool.role_arn, pool.external_id);
  }
  client_.Publish(endpoint_arn, message, options,
                  [done = std::move(done)](const std::optional<aws::CallError>& error) {
                    done(AnswerOf(error));
                  });
}

}  // namespace tidemark::publisher

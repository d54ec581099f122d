#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/aws/lambda.h"

// What the caller of UpdateRecords is told when the pool's sync trigger gives no valid answer. All
// name the function by its ARN.
namespace tidemark::dataset {

// FAILED_PRECONDITION TRIGGER_FAILED. `fault` says what is wrong and what to do; its first 1024
// bytes are told.
absl::Status TriggerFailed(const std::string& function, std::string_view fault);

// RESOURCE_EXHAUSTED TRIGGER_THROTTLED: the caller may try again in a moment.
absl::Status TriggerThrottled(const std::string& function, std::string_view why);

// For a call that Lambda did not do. What may be gone in a moment (5xx, no connection) is
// TRIGGER_THROTTLED like a throttle, so that clients try again by themselves.
absl::Status TriggerError(const std::string& function, const aws::CallError& error);

// For a function that failed: `payload` describes how, as Lambda's runtimes do.
absl::Status TriggerFailure(const std::string& function, std::string_view payload);

}  // namespace tidemark::dataset

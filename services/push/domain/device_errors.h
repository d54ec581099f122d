#pragma once

#include <string_view>

#include "absl/status/status.h"

// What calls about devices fail with.
namespace tidemark::push {

absl::Status DeviceNotFound(std::string_view device_id);
absl::Status SubscriptionNotFound(std::string_view device_id, std::string_view dataset_name);
// LIMIT_EXCEEDED `devices`: all of the identity's are in use.
absl::Status TooManyDevices();
// LIMIT_EXCEEDED `dataset_names`: more exceptions than kMaxExceptions.
absl::Status TooManyExceptions(std::string_view device_id);

}  // namespace tidemark::push

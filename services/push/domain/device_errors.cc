#include "services/push/domain/device_errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"
#include "services/push/domain/room.h"

namespace tidemark::push {
namespace {

absl::Status LimitExceeded(std::string_view message, const char* limit, std::size_t bound) {
  return errors::Error(
      absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_LIMIT_EXCEEDED, message,
      {{"limit", limit}, {"value", absl::StrCat(bound + 1)}, {"bound", absl::StrCat(bound)}});
}

}  // namespace

absl::Status DeviceNotFound(std::string_view device_id) {
  return errors::ResourceError(
      absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_DEVICE_NOT_FOUND, "device",
      errors::Excerpt(device_id),
      absl::StrCat("the identity has no device '", errors::Excerpt(device_id), "'; register it"),
      {{"deviceId", std::string(device_id)}});
}

absl::Status SubscriptionNotFound(std::string_view device_id, std::string_view dataset_name) {
  return errors::ResourceError(
      absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_SUBSCRIPTION_NOT_FOUND, "subscription",
      dataset_name,
      absl::StrCat("the device '", errors::Excerpt(device_id),
                   "' is not subscribed to the dataset '", ToAbsl(dataset_name), "'"),
      {{"deviceId", std::string(device_id)}, {"datasetName", std::string(dataset_name)}});
}

absl::Status TooManyDevices() {
  return LimitExceeded(
      absl::StrCat("the identity has ", kMaxDevices,
                   " devices that are in use, as many as it may; deregister one first"),
      "devices", kMaxDevices);
}

absl::Status TooManyExceptions(std::string_view device_id) {
  return LimitExceeded(
      absl::StrCat("the device '", errors::Excerpt(device_id), "' has ", kMaxExceptions,
                   " datasets that it was subscribed to, or unsubscribed from, one by one, as many "
                   "as it may; subscribe it to all, or unsubscribe it from some"),
      "dataset_names", kMaxExceptions);
}

}  // namespace tidemark::push

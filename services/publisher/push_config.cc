#include "services/publisher/push_config.h"

#include "absl/strings/str_cat.h"
#include "common/aws/endpoint.h"
#include "common/base/status_macros.h"
#include "common/config/units.h"

namespace tidemark::publisher {
namespace {

absl::Status Named(const char* option, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("--", option, ": ", status.message()));
}

absl::Status Check(const PushConfig& config) {
  if (!config.address.empty()) {
    TM_RETURN_IF_ERROR(Named("push", config::ParseAddress(config.address).status()));
  }
  if (config.sns_endpoint.empty()) return absl::OkStatus();
  return Named("sns-endpoint", aws::Endpoint::Parse(config.sns_endpoint).status());
}

}  // namespace

void Declare(config::Options& options, PushConfig& config) {
  using config::Range;
  options.Add("push", &config.address, Range<std::size_t>{0, 2048},
              "Address of the push service, which knows the devices to tell of changes; if empty, "
              "none is told.");
  options.Add("sns-endpoint", &config.sns_endpoint, Range<std::size_t>{0, 2048},
              "Where SNS is, as kinesis-endpoint; AWS's own if empty.");
  options.Add("push-age", &config.age, Range<absl::Duration>{absl::Seconds(1), absl::Hours(24)},
              "How old a change may become before devices are not told of it any more.");
  options.AddByteSize("push-queue-bytes", &config.queue_bytes,
                      Range<std::int64_t>{1 * kMiB, 4096 * kMiB},
                      "Memory of changes that devices are to be told of; above it the oldest go.");
  options.Check([&config] { return Check(config); });
}

}  // namespace tidemark::publisher

#include "services/publisher/push_config.h"

#include "absl/strings/str_cat.h"
#include "common/aws/endpoint.h"
#include "common/base/status_macros.h"
#include "common/config/units.h"

namespace tidemark::publisher {
namespace {

absl::Status CheckAddress(const PushConfig& config) {
  if (config.address.empty()) return absl::OkStatus();
  const absl::Status status = config::ParseAddress(config.address).status();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("--push: ", status.message()));
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
  options.Check([&config]() -> absl::Status {
    TM_RETURN_IF_ERROR(CheckAddress(config));
    return aws::Endpoint::CheckOption("sns-endpoint", config.sns_endpoint);
  });
}

}  // namespace tidemark::publisher

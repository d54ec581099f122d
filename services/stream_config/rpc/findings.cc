#include "services/stream_config/rpc/findings.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"

namespace tidemark::stream_config {

absl::Status ExplainCheck(const absl::Status& status,
                          std::initializer_list<errors::Reason> findings, std::string_view service,
                          std::string_view cannot) {
  const errors::Reason reason = errors::ReasonOf(status);
  if (status.ok() || std::count(findings.begin(), findings.end(), reason) > 0) return status;
  // Its own words name what it could not reach; gRPC's do not.
  if (reason == errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE &&
      !errors::MetadataOf(status, "service").empty()) {
    return status;
  }
  return errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
                       absl::StrCat(ToAbsl(cannot), " (", absl::StatusCodeToString(status.code()),
                                    "); nothing was changed; try again"),
                       {{"service", std::string(service)}});
}

}  // namespace tidemark::stream_config

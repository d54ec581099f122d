#include "services/publisher/engine/off_reasons.h"

#include "absl/strings/str_cat.h"

namespace tidemark::publisher {
namespace {

// Role ARNs may have 2048 characters, more than the whole reason.
std::string Shortened(const std::string& arn) {
  constexpr std::size_t kMaxShown = 512;
  return arn.size() <= kMaxShown ? arn : arn.substr(0, kMaxShown) + "...";
}

}  // namespace

std::string StreamMissingReason(const DestinationConfig& destination) {
  return absl::StrCat("The Kinesis stream ", destination.stream_name,
                      " does not exist. Create it, then enable streaming again.");
}

std::string RoleRefusedReason(const DestinationConfig& destination) {
  return absl::StrCat("The role ", Shortened(destination.role_arn),
                      " can't be assumed. See that it exists and that its trust policy lets "
                      "Tidemark's own AWS identity call sts:AssumeRole with the external id ",
                      destination.external_id, ", then enable streaming again.");
}

}  // namespace tidemark::publisher

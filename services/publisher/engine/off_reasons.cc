#include "services/publisher/engine/off_reasons.h"

#include "absl/strings/str_cat.h"

namespace tidemark::publisher {
namespace {

// What the log no longer has can't be delivered (Router).
constexpr char kEnableAgain[] =
    "enable it again with resume to go on where it stopped, as long as the change log has what "
    "waits (24 hours, unless configured otherwise); without resume it begins from now.";

// Role ARNs may have 2048 characters, more than the whole reason.
std::string Shortened(const std::string& arn) {
  constexpr std::size_t kMaxShown = 512;
  return arn.size() <= kMaxShown ? arn : arn.substr(0, kMaxShown) + "...";
}

}  // namespace

std::string StreamMissingReason(const DestinationConfig& destination) {
  return absl::StrCat("The Kinesis stream ", destination.stream_name,
                      " does not exist. Create it, then ", kEnableAgain);
}

std::string RoleRefusedReason(const DestinationConfig& destination) {
  return absl::StrCat("The role ", Shortened(destination.role_arn),
                      " can't be assumed. See that it exists and that its trust policy lets "
                      "Tidemark's own AWS identity call sts:AssumeRole with the external id ",
                      destination.external_id, ", then ", kEnableAgain);
}

}  // namespace tidemark::publisher

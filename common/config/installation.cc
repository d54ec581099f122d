#include "common/config/installation.h"

#include "absl/status/status.h"

namespace tidemark::config {

void Declare(Options& options, Installation& installation) {
  options.Add("account-id", &installation.account_id, {12, 12},
              "AWS account id, 12 digits, that names this installation in ARNs.");
  options.Add("region", &installation.region, {1, 32},
              "AWS region that names this installation in ARNs, identity ids and signatures.");
  options.Check([&installation] {
    if (installation.account_id.find_first_not_of("0123456789") == std::string::npos) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("--account-id: not 12 digits");
  });
  options.Check([&installation] {
    const auto bad = installation.region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-");
    if (bad == std::string::npos) return absl::OkStatus();
    return absl::InvalidArgumentError("--region: only a-z, 0-9 and '-' are allowed");
  });
}

}  // namespace tidemark::config

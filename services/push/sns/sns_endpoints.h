#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/aws/role_credentials.h"
#include "common/aws/sns.h"
#include "common/aws/sts.h"
#include "services/push/sns/endpoints.h"
#include "services/push/sns/sns_metrics.h"

namespace tidemark::push {

// Endpoints of Amazon SNS. Free of gRPC.
class SnsEndpoints final : public Endpoints {
 public:
  struct Options {
    absl::Duration call_time = absl::Seconds(5);  // of each call of AWS, at most
  };
  struct Parts {
    aws::SnsClient sns;           // signs with the base credentials
    aws::StsClient sts;           // likewise
    aws::RoleCredentials* roles;  // null: the base credentials do all
    SnsMetrics& metrics;
  };

  // `roles` and `metrics` outlive every call.
  SnsEndpoints(const Options& options, Parts parts);

  void Ensure(WantedEndpoint wanted, absl::Time deadline,
              std::function<void(absl::StatusOr<std::string>)> done) override;
  void Delete(const Access& access, const std::string& endpoint_arn, absl::Time deadline,
              std::function<void(absl::Status)> done) override;
  void Check(const Access& access, const std::vector<std::string>& application_arns,
             absl::Time deadline, std::function<void(absl::Status)> done) override;

 private:
  class Asking;
  class Making;
  class Checking;

  const Options options_;
  const Parts parts_;
};

}  // namespace tidemark::push

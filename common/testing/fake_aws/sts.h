#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/testing/fake_aws/iam.h"
#include "common/testing/fake_aws/query.h"
#include "common/testing/fake_aws/service.h"

namespace tidemark::fake_aws {

// AWS Security Token Service, 2011-06-15: AssumeRole, AssumeRoleWithWebIdentity and
// GetCallerIdentity. Its roles are FakeIam's. A call's resource is the role's ARN. Safe for
// concurrent use.
class FakeSts final : public Service {
 public:
  // `iam` must outlive this.
  explicit FakeSts(FakeIam& iam) : iam_(iam) {}

  std::string_view name() const override { return "sts"; }
  Call Read(const ServerRequest& request) const override;
  ServerResponse Answer(const Call& call, const std::optional<Fault>& records) override;
  ServerResponse Error(int status, std::string_view code, std::string_view message) const override;
  void Reset() override {}  // it keeps nothing

  // Whether the request is a form that names one of the operations: not all are signed.
  static bool Knows(const ServerRequest& request);

 private:
  ServerResponse AssumeRole(const Call& call, const Parameters& form);
  ServerResponse AssumeRoleWithWebIdentity(const Call& call, const Parameters& form);
  ServerResponse GetCallerIdentity(const Call& call) const;
  ServerResponse Invalid(std::string_view message) const;
  // What is wrong with the parameters that both ways to assume a role share.
  std::optional<ServerResponse> CheckSession(const Call& call, const Parameters& form,
                                             const std::optional<Role>& role,
                                             absl::Duration& duration) const;

  FakeIam& iam_;
};

}  // namespace tidemark::fake_aws

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "common/aws/service_client.h"

namespace tidemark::aws {

// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
struct AssumeRoleRequest {
  std::string role_arn;
  std::string session_name;  // 2-64 of [A-Za-z0-9_+=,.@-]; stands in the role's account's log
  std::string external_id;   // 2-1224 of those and ':', '/'; empty: none
  absl::Duration duration = absl::Hours(1);  // 15 min to the role's maximum
};

// .../API_AssumeRoleWithWebIdentity.html
struct WebIdentityRequest {
  std::string role_arn;
  std::string session_name;
  Secret token;  // a JWT
  absl::Duration duration = absl::Hours(1);
};

// Credentials, whose expiry is by the caller's clock also where that differs from AWS's.
using CredentialsResult = std::variant<Credentials, CallError>;

struct CallerIdentity {
  std::string account;
  std::string arn;  // of the user or the assumed role
};
using CallerIdentityResult = std::variant<CallerIdentity, CallError>;

// Whether an AccessDenied speaks of the caller's own policies, or of those of the VPC endpoint it
// calls through, and so not of the role or whatever else was asked for
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html). AWS does not
// always tell: false says nothing.
bool DeniedByCallersPolicies(const CallError& error);

// AWS Security Token Service, 2011-06-15. Never retries. Safe for concurrent use; callbacks and
// lifetimes as ServiceClient's.
class StsClient {
 public:
  // `transport` and `clock` must outlive every call. `credentials` sign all calls but
  // AssumeRoleWithWebIdentity.
  StsClient(std::string region, Endpoint endpoint, HttpTransport& transport,
            std::shared_ptr<CredentialsProvider> credentials, const Clock& clock);

  // An error of class kOff: the role does not exist or does not trust the caller (AWS does not tell
  // these apart).
  void AssumeRole(const AssumeRoleRequest& request, const CallOptions& options,
                  std::function<void(CredentialsResult)> callback) const;

  // The same by an identity provider's token instead of a signature.
  void AssumeRoleWithWebIdentity(const WebIdentityRequest& request, const CallOptions& options,
                                 std::function<void(CredentialsResult)> callback) const;

  // Whose credentials these are. Needs no permission: fails only with credentials that AWS does not
  // take, or without an answer.
  void GetCallerIdentity(const CallOptions& options,
                         std::function<void(CallerIdentityResult)> callback) const;

  // Has those that sign the calls fetched anew (CredentialsProvider::Renew).
  void RenewCredentials() const;

 private:
  const Clock& clock_;
  const ServiceClient client_;
};

}  // namespace tidemark::aws

#include "services/push/rpc/access.h"

#include "common/errors/error.h"

namespace tidemark::push {
namespace {

absl::Status NotAuthorized(const rpc::Call& call, std::string_view message) {
  return errors::Error(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_NOT_AUTHORIZED,
                       message, {{"action", std::string(call.method)}});
}

}  // namespace

absl::Status RequireAccess(const rpc::Call& call, const IdentityKey& identity) {
  if (call.caller == rpc::CallerKind::kDeveloper || call.principal == identity.identity_id) {
    return absl::OkStatus();
  }
  return NotAuthorized(call, "an identity has access to its own devices only");
}

absl::Status RequireIdentity(const rpc::Call& call, const IdentityKey& identity) {
  if (call.caller == rpc::CallerKind::kDeveloper) {
    return NotAuthorized(call, "only an identity registers and subscribes its devices");
  }
  return RequireAccess(call, identity);
}

}  // namespace tidemark::push

#pragma once

#include "absl/status/status.h"
#include "common/rpc/call.h"
#include "services/push/domain/types.h"

// Who may call what (contract sections 6 and 9). PERMISSION_DENIED NOT_AUTHORIZED otherwise.
namespace tidemark::push {

// A developer, or that identity itself.
absl::Status RequireAccess(const rpc::Call& call, const IdentityKey& identity);

// That identity itself: its devices speak for themselves.
absl::Status RequireIdentity(const rpc::Call& call, const IdentityKey& identity);

}  // namespace tidemark::push

#include "common/rpc/call.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"
#include "common/errors/error.h"

namespace tidemark::rpc {
namespace {

constexpr std::size_t kMaxRequestIdBytes = 128;
constexpr std::size_t kMaxPrincipalBytes = 256;

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string NewRequestId(Random& random) {
  std::array<std::uint8_t, 16> bytes;
  random.Fill(bytes);
  return Hex(bytes);
}

absl::Status NoCaller() {
  return errors::Error(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_NOT_AUTHORIZED,
                       "calls from other machines must say who calls: set x-tidemark-caller",
                       {{"action", "call"}});
}

absl::Status NotAuthorized(const Call& call, std::string_view message) {
  return errors::Error(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_NOT_AUTHORIZED,
                       message, {{"action", std::string(call.method)}});
}

}  // namespace

std::string_view CallerKindName(CallerKind kind) {
  return kind == CallerKind::kDeveloper ? "developer" : "identity";
}

absl::Status FillCall(const CallMetadata& metadata, Random& random, Call& call) {
  const auto parent = obs::ParseTraceparent(metadata.traceparent);
  call.trace = parent ? obs::ChildOf(*parent, random) : obs::NewTrace(random);

  std::vector<errors::FieldViolation> violations;
  call.request_id_given = !metadata.request_id.empty();
  if (metadata.request_id.size() > kMaxRequestIdBytes || !IsVisibleAscii(metadata.request_id)) {
    violations.push_back({std::string(kRequestIdKey), "not 1 to 128 visible ASCII characters"});
    call.request_id_given = false;
  }
  call.request_id = call.request_id_given ? std::string(metadata.request_id) : NewRequestId(random);

  if (metadata.principal.size() > kMaxPrincipalBytes || !IsVisibleAscii(metadata.principal)) {
    violations.push_back({std::string(kPrincipalKey), "not 1 to 256 visible ASCII characters"});
  } else {
    call.principal = metadata.principal;
  }
  if (metadata.caller.empty() && !metadata.principal.empty()) {
    violations.push_back(
        {std::string(kCallerKey), absl::StrCat("missing: what the ", ToAbsl(kPrincipalKey),
                                               " is, `developer` or `identity`")});
  }
  if (metadata.caller == CallerKindName(CallerKind::kIdentity)) {
    call.caller = CallerKind::kIdentity;
    if (metadata.principal.empty()) {
      violations.push_back({std::string(kPrincipalKey), "missing: the identity that calls"});
    }
  } else if (!metadata.caller.empty() &&
             metadata.caller != CallerKindName(CallerKind::kDeveloper)) {
    violations.push_back({std::string(kCallerKey), "neither `developer` nor `identity`"});
  }
  if (!violations.empty()) return errors::InvalidFields(violations);
  if (metadata.caller.empty() && !metadata.peer_is_loopback) return NoCaller();
  return absl::OkStatus();
}

absl::Status RequireDeveloper(const Call& call) {
  if (call.caller == CallerKind::kDeveloper) return absl::OkStatus();
  // Amazon's own wording (contract section 1).
  return NotAuthorized(call, "These credentials are not valid for accessing this resource");
}

absl::Status RequireAccess(const Call& call, std::string_view identity_id) {
  if (call.caller == CallerKind::kDeveloper || call.principal == identity_id) {
    return absl::OkStatus();
  }
  return NotAuthorized(call, "an identity has access to its own data only");
}

absl::Status RequireIdentity(const Call& call, std::string_view identity_id) {
  if (call.caller == CallerKind::kDeveloper) {
    return NotAuthorized(call, "only an identity does this, for itself");
  }
  return RequireAccess(call, identity_id);
}

}  // namespace tidemark::rpc

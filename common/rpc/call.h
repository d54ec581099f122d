#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/obs/trace.h"

namespace tidemark::rpc {

// gRPC metadata keys (design: "Caller").
inline constexpr std::string_view kCallerKey = "x-tidemark-caller";
inline constexpr std::string_view kPrincipalKey = "x-tidemark-principal";
inline constexpr std::string_view kRequestIdKey = "x-request-id";
inline constexpr std::string_view kTraceparentKey = "traceparent";

// On whose behalf a call is made. Set by the gateway and trusted backends.
enum class CallerKind {
  kDeveloper,  // may do everything
  kIdentity,   // an end user's device: only what concerns its own identity
};

std::string_view CallerKindName(CallerKind kind);

// What a handler knows of a call besides its request. Valid until the call is done.
struct Call {
  std::string_view method;  // "tidemark.dataset.v1.DatasetService/UpdateRecords"
  CallerKind caller = CallerKind::kDeveloper;
  std::string principal;         // identity id, or a name for logs; "" if unknown
  std::string request_id;        // 1..128 visible ASCII characters
  bool request_id_given = true;  // false: the client sent none and this one was made up
  obs::TraceContext trace;       // this call's own span
  absl::Time deadline = absl::InfiniteFuture();

  // Whether the client has gone or its deadline has passed: nobody will see the answer.
  bool Cancelled() const { return cancelled != nullptr && cancelled->load(); }

  const std::atomic<bool>* cancelled = nullptr;
};

// The metadata of a call as received; empty means absent.
struct CallMetadata {
  std::string_view caller;
  std::string_view principal;
  std::string_view request_id;
  std::string_view traceparent;
  bool peer_is_loopback = false;
};

// Fills caller, principal, request id and trace of `call`. INVALID_ARGUMENT for values that are not
// as above and for a principal without a caller; PERMISSION_DENIED with neither unless the peer is
// on this machine. A broken traceparent is ignored, as W3C tells. A request id and a trace are
// there even after an error.
absl::Status FillCall(const CallMetadata& metadata, Random& random, Call& call);

// Who may call (contract sections 6 and 9). PERMISSION_DENIED NOT_AUTHORIZED otherwise.
// Developers alone.
absl::Status RequireDeveloper(const Call& call);
// Developers, and that identity itself.
absl::Status RequireAccess(const Call& call, std::string_view identity_id);
// That identity itself alone.
absl::Status RequireIdentity(const Call& call, std::string_view identity_id);

}  // namespace tidemark::rpc

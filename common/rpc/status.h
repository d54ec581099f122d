#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

// The one place where errors cross the wire: absl::Status with details (common/errors) to gRPC's
// status with `grpc-status-details-bin`, and back.
namespace tidemark::rpc {

// What a client may see of `status`. An error without a reason, and any INTERNAL, UNKNOWN or
// DATA_LOSS, is a fault in Tidemark: it becomes INTERNAL with a fixed text, as its own may hold SQL
// or worse. CANCELLED passes without details, for nobody listens any more. Details and message are
// kept below what gRPC's 8 KiB of metadata hold: other details go before ErrorInfo, its metadata
// (then marked `truncated`) before its reason, and a long message is cut.
grpc::Status ToGrpc(const absl::Status& status);

// A client's view of an answer. Errors that gRPC itself makes get the reason that fits: UNAVAILABLE
// is SERVICE_UNAVAILABLE, DEADLINE_EXCEEDED its like; others without details have none. CANCELLED,
// which gRPC gives to calls that meet a stopping server, is UNAVAILABLE too: who cancelled a call
// knows that by itself.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace tidemark::rpc

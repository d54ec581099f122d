#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"
#include "tidemark/errors/v1/errors.pb.h"

// Errors inside Tidemark: absl::Status, its details (google.rpc.ErrorInfo and others) as payloads.
// common/rpc turns them into gRPC status details at the edge, and back in clients.
namespace tidemark::errors {

using Reason = v1::ErrorReason;
using Metadata = std::vector<std::pair<std::string, std::string>>;

// An error with its reason. `message` says, to a developer, what was wrong and what to do.
absl::Status Error(absl::StatusCode code, Reason reason, std::string_view message,
                   const Metadata& metadata = {});

// One field that breaks its bounds; see google.rpc.BadRequest.FieldViolation.
struct FieldViolation {
  std::string field;
  std::string description;
};

// INVALID_ARGUMENT naming every violation (`violations` is not empty).
absl::Status InvalidFields(const std::vector<FieldViolation>& violations);

// NOT_FOUND or ALREADY_EXISTS with google.rpc.ResourceInfo. `type` as in ResourceInfo.
absl::Status ResourceError(absl::StatusCode code, Reason reason, std::string_view type,
                           std::string_view name, std::string_view message,
                           const Metadata& metadata = {});

// Adds google.rpc.RetryInfo: when a retry makes sense.
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);

// UNSPECIFIED for a status without ErrorInfo.
Reason ReasonOf(const absl::Status& status);

// As ErrorInfo and the logs have it: without the enum's prefix. "UNSPECIFIED" where there is none.
std::string ReasonName(Reason reason);

// The value under `key` in the error's metadata, or an empty string.
std::string MetadataOf(const absl::Status& status, std::string_view key);

// The violations of an INVALID_ARGUMENT, empty for other errors.
std::vector<FieldViolation> ViolationsOf(const absl::Status& status);

// The same error as google.rpc.Status, and back. Payloads that are not protobuf details are left
// out.
google::rpc::Status ToProto(const absl::Status& status);
absl::Status FromProto(const google::rpc::Status& status);

// At most `limit` bytes of `text` for use in a message, cut at a UTF-8 boundary and marked "...".
std::string Excerpt(std::string_view text, std::size_t limit = 64);

}  // namespace tidemark::errors

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/errors/error.h"
#include "services/stream_config/domain/pool.h"

// The bounds of every field (contract section 2; pool.proto for what is Tidemark's own). Each check
// names the field, the value and the bound it breaks.
namespace tidemark::stream_config {

inline constexpr std::string_view kSyncTrigger = "SyncTrigger";

// Collects what is wrong with a request, so that its sender learns everything at once.
class Violations {
 public:
  // `field` is a path in the request, such as `pool.stream.role_arn`.
  void Add(std::string_view field, std::string_view description);

  // OK, or one INVALID_FIELD that names all.
  absl::Status ToStatus() const;

 private:
  std::vector<errors::FieldViolation> violations_;
};

// `<region>:<UUID in lower case>`: 1 to 55 characters, `[\w-]+:[0-9a-f-]+`.
bool IsPoolId(std::string_view text);
void CheckPoolId(std::string_view field, std::string_view id, Violations& violations);

// 0 to 128 characters, without U+0000.
void CheckDisplayName(std::string_view field, std::string_view name, Violations& violations);

// Empty, or 1 to 128 of `[a-zA-Z0-9_.-]`.
void CheckStreamName(std::string_view field, std::string_view name, Violations& violations);

// Empty, or 20 to 2048 characters, `arn:aws:iam::\d+:role/.*`.
void CheckRoleArn(std::string_view field, std::string_view arn, Violations& violations);

// At most 16 ARNs of SNS platform applications, each at most 512 characters.
void CheckPush(std::string_view field, const PushSettings& push, Violations& violations);

// At most 1 entry, of type SyncTrigger, with a Lambda function's ARN of at most 512 characters.
void CheckEvents(std::string_view field, const std::map<std::string, std::string>& events,
                 Violations& violations);

// Each 0 or in its range.
void CheckLimits(std::string_view field, const Limits& limits, Violations& violations);

// Empty, or at most 128 bytes, without U+0000.
void CheckRequestId(std::string_view field, std::string_view id, Violations& violations);

// 1 to 1024 characters, without U+0000.
void CheckReason(std::string_view field, std::string_view reason, Violations& violations);

}  // namespace tidemark::stream_config

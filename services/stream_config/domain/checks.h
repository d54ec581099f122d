#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/errors/violations.h"
#include "services/stream_config/domain/pool.h"

// The bounds of every field (contract section 2; pool.proto for what is Tidemark's own). Each check
// names the field, the value and the bound it breaks.
namespace tidemark::stream_config {

inline constexpr std::string_view kSyncTrigger = "SyncTrigger";

// 0 to 128 characters, without U+0000.
void CheckDisplayName(std::string_view field, std::string_view name,
                      errors::Violations& violations);

// Empty, or 1 to 128 of `[a-zA-Z0-9_.-]`.
void CheckStreamName(std::string_view field, std::string_view name, errors::Violations& violations);

// Empty, or 20 to 2048 characters, `arn:aws:iam::\d+:role/.*`.
void CheckRoleArn(std::string_view field, std::string_view arn, errors::Violations& violations);

// At most 16 ARNs of SNS platform applications, each at most 512 characters, of the installation's
// `region` and, with a role, of the role's account.
void CheckPush(std::string_view field, const PushSettings& push, std::string_view region,
               errors::Violations& violations);

// At most 1 entry, of type SyncTrigger, with the ARN of a Lambda function of the installation's
// `region`, of at most 512 characters, or empty.
void CheckEvents(std::string_view field, const std::map<std::string, std::string>& events,
                 std::string_view region, errors::Violations& violations);

// Each 0 or in its range.
void CheckLimits(std::string_view field, const Limits& limits, errors::Violations& violations);

// 1 to 1024 characters, without U+0000.
void CheckReason(std::string_view field, std::string_view reason, errors::Violations& violations);

}  // namespace tidemark::stream_config

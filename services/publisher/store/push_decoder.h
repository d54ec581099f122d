#pragma once

#include "absl/status/statusor.h"
#include "services/publisher/domain/push.h"
#include "services/publisher/store/change_log.h"

namespace tidemark::publisher {

// What a push needs of the log's row: of its body, which may be large, the records are passed over.
// INVALID_ARGUMENT if the body is not a Change.
absl::StatusOr<PushChange> DecodePush(const LogRow& row);

}  // namespace tidemark::publisher

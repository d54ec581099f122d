#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/push/domain/types.h"

namespace tidemark::push {

// The SNS platform application that serves a platform: the first of the pool's with
// `app/<PLATFORM>/` (contract section 6). FAILED_PRECONDITION PUSH_NOT_CONFIGURED if there is none.
absl::StatusOr<std::string> ApplicationFor(Platform platform,
                                           const std::vector<std::string>& application_arns,
                                           std::string_view pool_id);

// PUSH_NOT_CONFIGURED unless the pool has any application.
absl::Status RequireApplications(const std::vector<std::string>& application_arns,
                                 std::string_view pool_id);

}  // namespace tidemark::push

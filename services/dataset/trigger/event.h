#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/dataset/domain/trigger.h"
#include "services/dataset/domain/types.h"

// The event that a sync trigger is given and gives back (contract section 7), in JSON.
namespace tidemark::dataset {

inline constexpr std::string_view kSyncTrigger = "SyncTrigger";

// The event for `request`: all live records of the dataset by key, the patched ones with the value
// they would get; a removed record only if it is patched.
std::string WriteEvent(std::string_view region, const UpdateRequest& request,
                       const DatasetView& view);

// Reads what the function for `request` returned. It may leave out what it does not change; all
// else must be as it was, for it would have no effect:
//   - of the event's fields only `datasetRecords` may change, and there are no others;
//   - each record has an `op`, `replace` or `remove`; with `replace` a `newValue`, a string, or
//   null,
//     which removes too; keys and values have the bounds of patches. `oldValue` is not looked at.
// INVALID_ARGUMENT whose text names each fault (as many as are useful) by field, value and bound.
absl::StatusOr<TriggerOutput> ReadEvent(std::string_view region, const UpdateRequest& request,
                                        std::string_view json);

}  // namespace tidemark::dataset

#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "services/dataset/domain/merge.h"
#include "services/dataset/domain/outcome.h"
#include "services/dataset/domain/types.h"

// The rules of merging one identity's datasets into another's (contract 4.6).
namespace tidemark::dataset {

// Name of the winner's copy: `<name>.<losing identity id>`. What is itself such a copy (a non-empty
// `merged_into`) keeps its name, which already says whose it was.
std::string MergedName(const std::string& name, const std::string& merged_into,
                       const IdentityKey& loser);

// The copy's description. Its records keep their counts; its own count is the highest of them, at
// least 1, and above what a dataset of that name had before (contract section 11, choice 8).
// `before` is the tombstone under that name, or null.
DatasetInfo MergedInfo(const DatasetState& source, const DatasetInfo* before, const DatasetKey& to,
                       absl::Time now);

// The limit that the winner would pass with what it holds `after` the merge: copies count.
std::optional<LimitBreach> FindMergeBreach(const IdentityCounts& after, const Limits& limits);

}  // namespace tidemark::dataset

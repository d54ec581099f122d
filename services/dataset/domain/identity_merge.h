#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/dataset/domain/merge.h"
#include "services/dataset/domain/types.h"

// The rules of merging one identity's datasets into another's (contract 4.6). Nothing that lives is
// ever replaced: a copy whose name is taken gets another one.
namespace tidemark::dataset {

// What matters of a dataset when two identities are merged.
struct MergeDataset {
  bool live = false;
  std::string merged_into;  // as DatasetState::merged_into
};
using MergeDatasets = std::map<std::string, MergeDataset>;  // of one identity, by name

// How a dataset of the loser goes to the winner.
struct MergeStep {
  std::string from;         // its name with the loser
  std::string to;           // the copy's, of which the winner holds no live dataset
  std::string merged_into;  // the dataset that the copy is to be merged into
};

// The steps for all live datasets of the loser, in order of `from`. A copy is named
// `<name>.<losing identity id>`; what is itself a merged copy keeps its name, which already says
// whose it was. Where that name is taken, `-2` is appended, or `-3` and so on, which leaves it the
// form of a merged copy's name. `counts` are the winner's.
//
// FAILED_PRECONDITION LIMIT_EXCEEDED if the winner would pass a limit (copies count), or if no free
// name for a copy has at most 184 bytes.
absl::StatusOr<std::vector<MergeStep>> PlanMerge(const MergeRequest& request,
                                                 const MergeDatasets& losers,
                                                 const MergeDatasets& winners,
                                                 IdentityCounts counts);

// The copy's description. Its records keep their counts; its own count is the highest of them, at
// least 1, and above what a dataset of that name had before (contract section 11, choice 8).
// `before` is the tombstone under that name, or null.
DatasetInfo MergedInfo(const DatasetState& source, const DatasetInfo* before, const DatasetKey& to,
                       absl::Time now);

}  // namespace tidemark::dataset

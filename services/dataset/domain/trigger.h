#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "services/dataset/domain/outcome.h"
#include "services/dataset/domain/types.h"

// What a sync trigger makes of an update (contract section 7), pure. The function runs between the
// two: a view of the dataset is read, and what the function answered becomes patches that are
// committed as any others, with the counts of that view.
namespace tidemark::dataset {

// A dataset at one moment, as an update meets it that goes through a sync trigger.
struct DatasetView {
  Generation generation;  // 0: the dataset is not live
  // Of its keys, live and removed, and its values. If that is more than was asked for, `records` is
  // empty and `complete` false.
  std::int64_t bytes = 0;
  bool complete = true;
  std::vector<Record> records;          // in key order, tombstones among them
  std::optional<UpdateOutcome> repeat;  // Applied or RequestIdReused, if the request was applied

  // Null if the dataset does not know the key.
  const Record* Find(std::string_view key) const;
};

// What a function answered: the value that it wants under each key, nullopt for none. A key that is
// not there is not to be written.
using TriggerOutput = std::map<std::string, std::optional<std::string>>;

// What is to be committed for an update, and what of it is not.
struct TriggerPlan {
  // Those of the update in its order, then those that only the function makes, in key order. Each
  // expects the count of the view.
  std::vector<RecordPatch> patches;
  // Records whose patches the function left out, as the server holds them, by their place in the
  // answer.
  std::map<std::size_t, Record> left_out;
};

// The patches of `request` that the view's counts speak against.
Conflict ConflictsWith(const UpdateRequest& request, const DatasetView& view);

// A patched key is written with the function's value, also if that is what the server holds; any
// other key if the function's value is another than the server's. `now` is the time of records that
// the server does not hold.
TriggerPlan PlanOf(const UpdateRequest& request, const DatasetView& view,
                   const TriggerOutput& output, absl::Time now);

// `written` (those of the plan's patches, in their order) with what was left out, in their places.
std::vector<Record> TriggerAnswer(std::vector<Record> written,
                                  std::map<std::size_t, Record> left_out);

// The answer to a repeat of `request`, whose first try went through a function and was applied
// under `count`: the patched records as the server holds them by `view`, then all others of that
// count, in key order. That is the first answer again, as far as nothing was changed since.
std::vector<Record> RepeatAnswer(const UpdateRequest& request, SyncCount count,
                                 const DatasetView& view, absl::Time now);

}  // namespace tidemark::dataset

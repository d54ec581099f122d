#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/dataset/domain/types.h"

// How an update ends. A conflict or a broken limit is an outcome, not a failure of the store: it
// leaves the other requests of a batch alone.
namespace tidemark::dataset {

// All patches were applied under one new count, at one time. `replayed`: they had been before, and
// this is the first answer again. `triggered`: of a repeat, that a sync trigger had made the
// patches that were applied, which are not those of the request (see RepeatAnswer in trigger.h).
struct Applied {
  SyncCount sync_count;
  absl::Time time;
  bool replayed = false;
  bool triggered = false;

  friend bool operator==(const Applied&, const Applied&) = default;
};

// Some patches name a count that is not the record's. Nothing was changed. Where both counts are
// equal, the dataset was deleted or written anew after a sync trigger had seen it.
struct Conflict {
  struct Key {
    std::string key;
    SyncCount current;
    SyncCount expected;

    friend bool operator==(const Key&, const Key&) = default;
  };
  std::vector<Key> keys;  // every conflicting key, in the order of the patches

  friend bool operator==(const Conflict&, const Conflict&) = default;
};

// A published limit would be passed. Nothing was changed.
struct LimitBreach {
  enum class Limit { kDatasets = 1, kDatasetNames = 2, kRecords = 3, kKeys = 4, kBytes = 5 };
  Limit limit;
  std::int64_t value;  // what the request would have led to
  std::int64_t bound;

  friend bool operator==(const LimitBreach&, const LimitBreach&) = default;
};

// The request's id was used for other content. Nothing was changed.
struct RequestIdReused {
  friend bool operator==(const RequestIdReused&, const RequestIdReused&) = default;
};

// absl::Status: the store could not tell or do; never OK.
using UpdateOutcome = std::variant<Applied, Conflict, LimitBreach, RequestIdReused, absl::Status>;

// The error that the caller of UpdateRecords sees; OK for Applied. Conflicts name their keys as far
// as 4 KiB of metadata go (design section 5).
absl::Status ToStatus(const UpdateOutcome& outcome);

// `datasets`, `dataset_names`, `records`, `keys` or `bytes`.
std::string_view NameOf(LimitBreach::Limit limit);

// The records that UpdateRecords answers, from the request and how it ended: also the first answer
// to a repeat is rebuilt so.
std::vector<Record> AnswerOf(const UpdateRequest& request, const Applied& applied);

}  // namespace tidemark::dataset

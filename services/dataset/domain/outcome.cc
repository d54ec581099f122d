#include "services/dataset/domain/outcome.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"

namespace tidemark::dataset {
namespace {

namespace reasons = errors::v1;

// A conflict's metadata names keys up to this many bytes: error details travel in a gRPC trailer.
constexpr std::size_t kMaxConflictBytes = 4096;

absl::Status ConflictStatus(const Conflict& conflict) {
  errors::Metadata metadata = {{"conflicts", absl::StrCat(conflict.keys.size())}};
  std::size_t bytes = 0;
  std::size_t named = 0;
  for (const Conflict::Key& key : conflict.keys) {
    const std::string prefix = absl::StrCat("conflict.", named, ".");
    const std::string current = absl::StrCat(key.current.value());
    const std::string expected = absl::StrCat(key.expected.value());
    bytes += key.key.size() + current.size() + expected.size() + 3 * (prefix.size() + 8);
    if (bytes > kMaxConflictBytes) break;
    metadata.emplace_back(prefix + "key", key.key);
    metadata.emplace_back(prefix + "current", current);
    metadata.emplace_back(prefix + "expected", expected);
    ++named;
  }
  const auto stale = std::ranges::find_if(
      conflict.keys, [](const Conflict::Key& key) { return key.current != key.expected; });
  if (stale == conflict.keys.end()) {
    return errors::Error(absl::StatusCode::kAborted, reasons::ERROR_REASON_STALE_SYNC_COUNT,
                         absl::StrCat("the dataset was deleted or written anew while its sync "
                                      "trigger ran; nothing is stored of ",
                                      conflict.keys.size(), " records, the first of them '",
                                      errors::Excerpt(conflict.keys.front().key), "'"),
                         metadata);
  }
  // The first sentence is Amazon's own wording (contract section 1): users grep for it.
  const Conflict::Key& first = *stale;
  std::string message =
      absl::StrCat("Current SyncCount for: ", errors::Excerpt(first.key, 1024),
                   " is: ", first.current.value(), " not: ", first.expected.value());
  if (conflict.keys.size() > 1) {
    absl::StrAppend(&message, " (and ", conflict.keys.size() - 1, " more)");
  }
  return errors::Error(absl::StatusCode::kAborted, reasons::ERROR_REASON_STALE_SYNC_COUNT, message,
                       metadata);
}

std::string_view Describe(LimitBreach::Limit limit) {
  switch (limit) {
    case LimitBreach::Limit::kDatasets:
      return "live datasets of the identity; delete one first";
    case LimitBreach::Limit::kDatasetNames:
      return "dataset names the identity ever used; use an earlier name";
    case LimitBreach::Limit::kRecords:
      return "live records of the dataset; remove some first";
    case LimitBreach::Limit::kKeys:
      return "keys of the dataset, live and removed; use earlier keys or delete the dataset";
    case LimitBreach::Limit::kBytes:
      return "bytes of keys and values in the dataset; remove or shorten some first";
  }
  return "";
}

absl::Status LimitStatus(const LimitBreach& breach) {
  return errors::Error(absl::StatusCode::kFailedPrecondition, reasons::ERROR_REASON_LIMIT_EXCEEDED,
                       absl::StrCat("the update would lead to ", breach.value, ", more than ",
                                    breach.bound, " ", ToAbsl(Describe(breach.limit))),
                       {{"limit", std::string(NameOf(breach.limit))},
                        {"value", absl::StrCat(breach.value)},
                        {"bound", absl::StrCat(breach.bound)}});
}

struct StatusOf {
  absl::Status operator()(const Applied&) const { return absl::OkStatus(); }
  absl::Status operator()(const Conflict& conflict) const { return ConflictStatus(conflict); }
  absl::Status operator()(const LimitBreach& breach) const { return LimitStatus(breach); }
  absl::Status operator()(const RequestIdReused&) const {
    return errors::Error(absl::StatusCode::kInvalidArgument,
                         reasons::ERROR_REASON_REQUEST_ID_REUSED,
                         "this request id was used within the last hour for another request on "
                         "this dataset; use a fresh one for each request");
  }
  absl::Status operator()(const absl::Status& status) const { return status; }
};

}  // namespace

absl::Status ToStatus(const UpdateOutcome& outcome) { return std::visit(StatusOf{}, outcome); }

std::string_view NameOf(LimitBreach::Limit limit) {
  switch (limit) {
    case LimitBreach::Limit::kDatasets:
      return "datasets";
    case LimitBreach::Limit::kDatasetNames:
      return "dataset_names";
    case LimitBreach::Limit::kRecords:
      return "records";
    case LimitBreach::Limit::kKeys:
      return "keys";
    case LimitBreach::Limit::kBytes:
      return "bytes";
  }
  return "";
}

std::vector<Record> AnswerOf(const UpdateRequest& request, const Applied& applied) {
  std::vector<Record> records;
  records.reserve(request.patches.size());
  for (const RecordPatch& patch : request.patches) {
    records.push_back({.key = patch.key,
                       .value = patch.value,
                       .sync_count = applied.sync_count,
                       .modified_time = applied.time,
                       .device_modified_time = patch.device_modified_time.value_or(applied.time),
                       .modified_by = request.origin.modified_by});
  }
  return records;
}

}  // namespace tidemark::dataset

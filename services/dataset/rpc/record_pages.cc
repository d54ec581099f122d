#include "services/dataset/rpc/record_pages.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/seal/seal.h"
#include "services/dataset/domain/checks.h"
#include "services/dataset/domain/merge.h"
#include "services/dataset/rpc/convert.h"

namespace tidemark::dataset {
namespace {

constexpr std::string_view kListRecords = "list-records";
// Of a page without a page size: what any pool's limits allow a dataset. Not the pool's own limit,
// which may have been lowered below what datasets hold, and iOS asks for no second page.
constexpr int kAllRecords = 65'536;

seal::Fields InputsOf(const RecordQuery& query) {
  return {query.dataset.identity.pool_id, query.dataset.identity.identity_id, query.dataset.name,
          seal::Number(query.since.value())};
}

std::string SealAfter(const config::Keyring& keyring, const RecordQuery& query,
                      const RecordQuery::After& after) {
  return seal::Seal(
      keyring, kListRecords, InputsOf(query),
      {seal::Number(after.generation.value()), seal::Number(after.pinned.value()), after.key});
}

std::optional<RecordQuery::After> OpenAfter(const config::Keyring& keyring,
                                            const RecordQuery& query, std::string_view token) {
  const auto fields = seal::Open(keyring, kListRecords, InputsOf(query), token);
  if (!fields || fields->size() != 3) return std::nullopt;
  const auto generation = seal::ParseNumber((*fields)[0]);
  const auto pinned = seal::ParseNumber((*fields)[1]);
  if (!generation || !pinned) return std::nullopt;
  return RecordQuery::After{Generation(*generation), SyncCount(*pinned), (*fields)[2]};
}

absl::Status NoSuchSyncCount(SyncCount requested, SyncCount current) {
  // The first sentence is Amazon's own wording (contract section 1).
  return errors::Error(
      absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_NO_SUCH_SYNC_COUNT,
      absl::StrCat("No such SyncCount: ", requested.value(),
                   " exists for this Dataset; its count is ", current.value(), ", list from 0"),
      {{"requested", absl::StrCat(requested.value())}, {"current", absl::StrCat(current.value())}});
}

}  // namespace

absl::Status InvalidPageToken() {
  return errors::Error(absl::StatusCode::kInvalidArgument,
                       errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID,
                       "the page token was not given for these inputs, or what it pinned is gone; "
                       "start from the first page");
}

absl::StatusOr<RecordQuery> ParseRecordQuery(const config::Keyring& keyring,
                                             const v1::ListRecordsRequest& request) {
  errors::Violations violations;
  RecordQuery query;
  query.dataset = ParseDataset(request, violations);
  query.since = SyncCount(request.last_sync_count());
  CheckSyncCount("last_sync_count", request.last_sync_count(), violations);
  query.max_records =
      errors::CheckPageSize("page_size", request.page_size(), kAllRecords, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  if (!request.page_token().empty()) {
    query.after = OpenAfter(keyring, query, request.page_token());
    if (!query.after) return InvalidPageToken();
  }
  return query;
}

absl::Status FillRecordPage(const config::Keyring& keyring, const RecordQuery& query,
                            RecordPage page, v1::ListRecordsResponse& response) {
  const DatasetInfo info = page.dataset.value_or(DatasetInfo{});
  if (query.after && (!page.dataset || query.after->generation != info.generation)) {
    return InvalidPageToken();
  }
  if (page.dataset && query.since > info.sync_count) {
    return NoSuchSyncCount(query.since, info.sync_count);
  }

  const SyncCount count = query.after ? query.after->pinned : info.sync_count;
  response.set_dataset_sync_count(count.value());
  response.set_last_modified_by(info.modified_by);
  response.set_dataset_exists(info.live);
  // Who quotes a count of a dataset that was never written knew one that was erased.
  const bool erased = !page.dataset && query.since.value() > 0;
  response.set_dataset_deleted_after_requested_sync_count(erased ||
                                                          DeletedAfter(info, query.since));
  for (std::string& name : page.merged_dataset_names) {
    response.add_merged_dataset_names(std::move(name));
  }
  if (page.more) {
    response.set_next_page_token(
        SealAfter(keyring, query, {info.generation, count, page.records.back().key}));
  }
  response.mutable_records()->Reserve(static_cast<int>(page.records.size()));
  for (Record& record : page.records) ToProto(std::move(record), *response.add_records());
  return absl::OkStatus();
}

}  // namespace tidemark::dataset

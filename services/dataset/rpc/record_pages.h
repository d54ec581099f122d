#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/config/keyring.h"
#include "services/dataset/domain/types.h"
#include "services/dataset/store/store.h"
#include "tidemark/dataset/v1/dataset_service.pb.h"

// ListRecords: its pages and their tokens. A page token pins generation and count of the first page
// and is bound to the dataset and the count asked for (contract 4.2).
namespace tidemark::dataset {

// What to read for `request`. INVALID_FIELD, PAGE_TOKEN_INVALID.
absl::StatusOr<RecordQuery> ParseRecordQuery(const config::Keyring& keyring,
                                             const v1::ListRecordsRequest& request);

// Fills all but the session token; a dataset that was never written is one that was deleted, to a
// query that names a count. NO_SUCH_SYNC_COUNT, or PAGE_TOKEN_INVALID if what the query
// pinned is gone.
absl::Status FillRecordPage(const config::Keyring& keyring, const RecordQuery& query,
                            RecordPage page, v1::ListRecordsResponse& response);

// INVALID_ARGUMENT PAGE_TOKEN_INVALID.
absl::Status InvalidPageToken();

}  // namespace tidemark::dataset

#include "common/base/status_macros.h"
#include "services/gateway/wire/codecs.h"
#include "services/gateway/wire/json_writer.h"
#include "services/gateway/wire/shapes.h"

namespace tidemark::gateway {

absl::Status ListRecordsCodec::Decode(const OperationInput& input, Request& request) {
  request.set_identity_pool_id(input.identity_pool_id);
  request.set_identity_id(input.identity_id);
  request.set_dataset_name(input.dataset_name);
  TM_ASSIGN_OR_RETURN(const std::optional<std::int64_t> count,
                      input.query.Integer64("lastSyncCount"));
  request.set_last_sync_count(count.value_or(0));
  TM_ASSIGN_OR_RETURN(const std::int32_t page_size, PageSize(input.query));
  request.set_page_size(page_size);
  TM_ASSIGN_OR_RETURN(std::optional<std::string> token, input.query.Text("nextToken"));
  request.set_page_token(std::move(token).value_or(""));
  TM_ASSIGN_OR_RETURN(std::optional<std::string> session, input.query.Text("syncSessionToken"));
  request.set_sync_session_token(std::move(session).value_or(""));
  return absl::OkStatus();
}

void ListRecordsCodec::Encode(const Request& request, const Response& response, std::string& body) {
  std::size_t size = 512;
  for (const auto& record : response.records()) size += SizeOfRecord(record);
  body.reserve(size);
  ObjectWriter object(body);
  object.List("Records", response.records(), AppendRecord);
  object.TextOrNull("NextToken", response.next_page_token());
  object.Integer("Count", response.records_size());
  object.Integer("DatasetSyncCount", response.dataset_sync_count());
  object.TextOrNull("LastModifiedBy", response.last_modified_by());
  if (response.merged_dataset_names().empty()) {
    object.Null("MergedDatasetNames");
  } else {
    object.List("MergedDatasetNames", response.merged_dataset_names(), AppendJsonText);
  }
  object.Bool("DatasetExists", response.dataset_exists());
  object.Bool("DatasetDeletedAfterRequestedSyncCount",
              response.dataset_deleted_after_requested_sync_count());
  object.Text("SyncSessionToken", response.sync_session_token());
}

}  // namespace tidemark::gateway

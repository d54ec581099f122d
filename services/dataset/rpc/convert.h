#pragma once

#include "absl/status/statusor.h"
#include "common/errors/violations.h"
#include "common/rpc/call.h"
#include "services/dataset/domain/types.h"
#include "tidemark/dataset/v1/admin_service.pb.h"
#include "tidemark/dataset/v1/dataset.pb.h"
#include "tidemark/dataset/v1/dataset_service.pb.h"

// The wire to the domain and back. Parsing checks shape alone: types, lengths, characters.
namespace tidemark::dataset {

// The names that requests have in common: identity_pool_id, identity_id, dataset_name.
template <typename Request>
IdentityKey ParseIdentity(const Request& request, errors::Violations& violations);
template <typename Request>
DatasetKey ParseDataset(const Request& request, errors::Violations& violations);

// What is asked of UpdateRecords, without the pool's number and limits. INVALID_FIELD names every
// violation. `account_id` stands for the writer where no device and no identity does.
absl::StatusOr<UpdateRequest> ParseUpdate(const v1::UpdateRecordsRequest& request,
                                          const rpc::Call& call, const std::string& account_id);
absl::StatusOr<DeleteRequest> ParseDelete(const v1::DeleteDatasetRequest& request,
                                          const rpc::Call& call, const std::string& account_id);

// Who changes something without naming a device.
ChangeOrigin OriginOf(const rpc::Call& call, const std::string& account_id);

void ToProto(const DatasetInfo& info, v1::Dataset& proto);
void ToProto(const IdentityUsage& usage, v1::IdentityUsage& proto);
void ToProto(const PoolUsage& usage, v1::IdentityPoolUsage& proto);
// Moves key, value and writer out of `record`.
void ToProto(Record&& record, v1::Record& proto);

google::protobuf::Timestamp ToProto(absl::Time time);

template <typename Request>
IdentityKey ParseIdentity(const Request& request, errors::Violations& violations) {
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  errors::CheckId("identity_id", request.identity_id(), violations);
  return IdentityKey::Of(request.identity_pool_id(), request.identity_id());
}

void CheckName(std::string_view name, errors::Violations& violations);

template <typename Request>
DatasetKey ParseDataset(const Request& request, errors::Violations& violations) {
  IdentityKey identity = ParseIdentity(request, violations);
  CheckName(request.dataset_name(), violations);
  return {std::move(identity), request.dataset_name()};
}

}  // namespace tidemark::dataset

#include "services/stream_config/rpc/grpc_datasets.h"

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"

namespace tidemark::stream_config {
namespace {

// The end of the log is one row away; who waits longer had better hear that it is not to be had.
constexpr absl::Duration kEndPositionTimeout = absl::Seconds(3);
constexpr absl::Duration kCheckTimeout = absl::Seconds(5);

// What the caller is told: only its own faults as they are, all else as the dataset service's.
absl::Status Explain(const absl::Status& status, std::string_view what) {
  if (status.ok() || errors::ReasonOf(status) == errors::v1::ERROR_REASON_POOL_NOT_EMPTY) {
    return status;
  }
  return errors::Error(
      absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
      absl::StrCat("the dataset service can't ", ToAbsl(what), " (",
                   absl::StatusCodeToString(status.code()), "); nothing was changed; try again"),
      {{"service", "dataset"}});
}

}  // namespace

GrpcDatasets::GrpcDatasets(const std::shared_ptr<grpc::Channel>& channel, Random& random)
    : random_(random),
      change_log_(dataset::v1::ChangeLogService::NewStub(channel)),
      admin_(dataset::v1::DatasetAdminService::NewStub(channel)) {}

absl::StatusOr<Position> GrpcDatasets::EndPosition(const rpc::Call& call) {
  grpc::ClientContext context;
  rpc::PassOn(call, random_, context, kEndPositionTimeout);
  dataset::v1::GetEndPositionResponse response;
  const grpc::Status status = change_log_->GetEndPosition(&context, {}, &response);
  TM_RETURN_IF_ERROR(Explain(rpc::FromGrpc(status), "tell the end of the change log"));
  return Position(response.position());
}

// Without force the dataset service marks nothing: that there is no data is all it says.
absl::Status GrpcDatasets::CheckEmpty(const rpc::Call& call, const std::string& pool_id) {
  grpc::ClientContext context;
  rpc::PassOn(call, random_, context, kCheckTimeout);
  return Explain(PurgePool(context, pool_id, false), "tell whether the pool is empty");
}

absl::Status GrpcDatasets::Purge(const std::string& pool_id, absl::Time deadline) {
  grpc::ClientContext context;
  rpc::ActAsService("tidemark-stream-config", random_, context);
  context.set_deadline(absl::ToChronoTime(deadline));
  return PurgePool(context, pool_id, true);
}

absl::Status GrpcDatasets::PurgePool(grpc::ClientContext& context, const std::string& pool_id,
                                     bool force) {
  dataset::v1::PurgePoolRequest request;
  request.set_identity_pool_id(pool_id);
  request.set_force(force);
  dataset::v1::PurgePoolResponse response;
  return rpc::FromGrpc(admin_->PurgePool(&context, request, &response));
}

}  // namespace tidemark::stream_config

#include "services/push/rpc/grpc_neighbours.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"

namespace tidemark::push {
namespace {

constexpr absl::Duration kDescribeTimeout = absl::Seconds(3);

// What the caller is told: that there is no such dataset, or that nobody could tell.
absl::Status Explain(const absl::Status& status) {
  if (status.ok() || errors::ReasonOf(status) == errors::v1::ERROR_REASON_DATASET_NOT_FOUND) {
    return status;
  }
  return errors::Error(
      absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
      absl::StrCat("the dataset service can't tell whether the dataset exists (",
                   absl::StatusCodeToString(status.code()), "); nothing was changed; try again"),
      {{"service", "dataset"}});
}

}  // namespace

GrpcDatasets::GrpcDatasets(const std::shared_ptr<grpc::Channel>& channel, Random& random)
    : random_(random), client_(channel) {}

void GrpcDatasets::Require(const rpc::Call& call, const IdentityKey& identity,
                           const std::string& dataset_name,
                           std::function<void(absl::Status)> done) {
  dataset::v1::DescribeDatasetRequest request;
  request.set_identity_pool_id(identity.pool_id);
  request.set_identity_id(identity.identity_id);
  request.set_dataset_name(dataset_name);
  client_.Begin(
      &Client::Async::DescribeDataset, std::move(request),
      [&](grpc::ClientContext& context) { rpc::PassOn(call, random_, context, kDescribeTimeout); },
      [done = std::move(done)](const auto& response) { done(Explain(response.status())); });
}

GrpcPoolList::GrpcPoolList(const std::shared_ptr<grpc::Channel>& channel, Random& random)
    : random_(random), stub_(stream_config::v1::StreamConfigService::NewStub(channel)) {}

absl::StatusOr<bool> GrpcPoolList::Exists(const std::string& pool_id, absl::Time deadline) {
  grpc::ClientContext context;
  rpc::ActAsService("tidemark-push", random_, context);
  context.set_deadline(absl::ToChronoTime(deadline));
  stream_config::v1::GetPoolRequest request;
  request.set_identity_pool_id(pool_id);
  stream_config::v1::GetPoolResponse response;
  const absl::Status status = rpc::FromGrpc(stub_->GetPool(&context, request, &response));
  if (errors::ReasonOf(status) == errors::v1::ERROR_REASON_POOL_NOT_FOUND) return false;
  if (!status.ok()) return status;
  return true;
}

}  // namespace tidemark::push

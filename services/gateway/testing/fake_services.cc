#include "services/gateway/testing/fake_services.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/status.h"

namespace tidemark::gateway {

template <typename Request, typename Response>
grpc::Status FakeMethod<Request, Response>::Run(const grpc::ServerContext& context,
                                                const Request& request, Response& response) {
  Behavior behavior;
  {
    const std::lock_guard lock(mutex_);
    ++calls_;
    request_ = request;
    metadata_.clear();
    for (const auto& [key, value] : context.client_metadata()) {
      metadata_[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
    }
    behavior = behavior_;
  }
  if (!behavior) return {grpc::StatusCode::UNIMPLEMENTED, "no behavior"};
  return rpc::ToGrpc(behavior(request, response));
}

grpc::Status FakeDatasetService::ListDatasets(grpc::ServerContext* context,
                                              const dataset::v1::ListDatasetsRequest* request,
                                              dataset::v1::ListDatasetsResponse* response) {
  return list_datasets.Run(*context, *request, *response);
}

grpc::Status FakeDatasetService::DescribeDataset(grpc::ServerContext* context,
                                                 const dataset::v1::DescribeDatasetRequest* request,
                                                 dataset::v1::DescribeDatasetResponse* response) {
  return describe_dataset.Run(*context, *request, *response);
}

grpc::Status FakeDatasetService::DeleteDataset(grpc::ServerContext* context,
                                               const dataset::v1::DeleteDatasetRequest* request,
                                               dataset::v1::DeleteDatasetResponse* response) {
  return delete_dataset.Run(*context, *request, *response);
}

grpc::Status FakeDatasetService::ListRecords(grpc::ServerContext* context,
                                             const dataset::v1::ListRecordsRequest* request,
                                             dataset::v1::ListRecordsResponse* response) {
  return list_records.Run(*context, *request, *response);
}

grpc::Status FakeDatasetService::UpdateRecords(grpc::ServerContext* context,
                                               const dataset::v1::UpdateRecordsRequest* request,
                                               dataset::v1::UpdateRecordsResponse* response) {
  return update_records.Run(*context, *request, *response);
}

grpc::Status FakeDatasetService::DescribeIdentityUsage(
    grpc::ServerContext* context, const dataset::v1::DescribeIdentityUsageRequest* request,
    dataset::v1::DescribeIdentityUsageResponse* response) {
  return describe_identity.Run(*context, *request, *response);
}

grpc::Status FakeDatasetService::DescribeIdentityPoolUsage(
    grpc::ServerContext* context, const dataset::v1::DescribeIdentityPoolUsageRequest* request,
    dataset::v1::DescribeIdentityPoolUsageResponse* response) {
  return describe_pool.Run(*context, *request, *response);
}

grpc::Status FakeDatasetService::ListIdentityPoolUsage(
    grpc::ServerContext* context, const dataset::v1::ListIdentityPoolUsageRequest* request,
    dataset::v1::ListIdentityPoolUsageResponse* response) {
  return list_pools.Run(*context, *request, *response);
}

grpc::Status FakeStreamConfigService::GetPool(grpc::ServerContext* context,
                                              const stream_config::v1::GetPoolRequest* request,
                                              stream_config::v1::GetPoolResponse* response) {
  return get_pool.Run(*context, *request, *response);
}

grpc::Status FakeStreamConfigService::UpdatePool(
    grpc::ServerContext* context, const stream_config::v1::UpdatePoolRequest* request,
    stream_config::v1::UpdatePoolResponse* response) {
  return update_pool.Run(*context, *request, *response);
}

grpc::Status FakeStreamConfigService::StartBulkPublish(
    grpc::ServerContext* context, const stream_config::v1::StartBulkPublishRequest* request,
    stream_config::v1::StartBulkPublishResponse* response) {
  return start_bulk_publish.Run(*context, *request, *response);
}

grpc::Status FakeStreamConfigService::GetBulkPublish(
    grpc::ServerContext* context, const stream_config::v1::GetBulkPublishRequest* request,
    stream_config::v1::GetBulkPublishResponse* response) {
  return get_bulk_publish.Run(*context, *request, *response);
}

FakeServices::FakeServices() {
  auto started = rpc::RpcServer::Start({}, {&dataset, &stream_config});
  if (!started.ok()) std::abort();
  server = *std::move(started);
  server->SetServing(true);
}

std::string FakeServices::address() const { return absl::StrCat("127.0.0.1:", server->port()); }

}  // namespace tidemark::gateway

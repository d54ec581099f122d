#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "common/rpc/server.h"
#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::gateway {

// What a call brought along.
using CallMetadata = std::map<std::string, std::string>;

// A method as a test wants it to behave. Until it is set the method is UNIMPLEMENTED.
template <typename Request, typename Response>
class FakeMethod {
 public:
  using Behavior = std::function<absl::Status(const Request& request, Response& response)>;

  // Answers with `response`, or an error.
  void Answers(Response response);
  void Fails(absl::Status status);
  void Does(Behavior behavior);

  // The last call, if there was any.
  std::optional<Request> request() const;
  CallMetadata metadata() const;
  int calls() const;

  grpc::Status Run(const grpc::ServerContext& context, const Request& request, Response& response);

 private:
  mutable std::mutex mutex_;
  Behavior behavior_;
  std::optional<Request> request_;
  CallMetadata metadata_;
  int calls_ = 0;
};

class FakeDatasetService final : public dataset::v1::DatasetService::Service {
 public:
  FakeMethod<dataset::v1::ListDatasetsRequest, dataset::v1::ListDatasetsResponse> list_datasets;
  FakeMethod<dataset::v1::DescribeDatasetRequest, dataset::v1::DescribeDatasetResponse>
      describe_dataset;
  FakeMethod<dataset::v1::DeleteDatasetRequest, dataset::v1::DeleteDatasetResponse> delete_dataset;
  FakeMethod<dataset::v1::ListRecordsRequest, dataset::v1::ListRecordsResponse> list_records;
  FakeMethod<dataset::v1::UpdateRecordsRequest, dataset::v1::UpdateRecordsResponse> update_records;
  FakeMethod<dataset::v1::DescribeIdentityUsageRequest, dataset::v1::DescribeIdentityUsageResponse>
      describe_identity;
  FakeMethod<dataset::v1::DescribeIdentityPoolUsageRequest,
             dataset::v1::DescribeIdentityPoolUsageResponse>
      describe_pool;
  FakeMethod<dataset::v1::ListIdentityPoolUsageRequest, dataset::v1::ListIdentityPoolUsageResponse>
      list_pools;

 private:
  grpc::Status ListDatasets(grpc::ServerContext* context,
                            const dataset::v1::ListDatasetsRequest* request,
                            dataset::v1::ListDatasetsResponse* response) override;
  grpc::Status DescribeDataset(grpc::ServerContext* context,
                               const dataset::v1::DescribeDatasetRequest* request,
                               dataset::v1::DescribeDatasetResponse* response) override;
  grpc::Status DeleteDataset(grpc::ServerContext* context,
                             const dataset::v1::DeleteDatasetRequest* request,
                             dataset::v1::DeleteDatasetResponse* response) override;
  grpc::Status ListRecords(grpc::ServerContext* context,
                           const dataset::v1::ListRecordsRequest* request,
                           dataset::v1::ListRecordsResponse* response) override;
  grpc::Status UpdateRecords(grpc::ServerContext* context,
                             const dataset::v1::UpdateRecordsRequest* request,
                             dataset::v1::UpdateRecordsResponse* response) override;
  grpc::Status DescribeIdentityUsage(grpc::ServerContext* context,
                                     const dataset::v1::DescribeIdentityUsageRequest* request,
                                     dataset::v1::DescribeIdentityUsageResponse* response) override;
  grpc::Status DescribeIdentityPoolUsage(
      grpc::ServerContext* context, const dataset::v1::DescribeIdentityPoolUsageRequest* request,
      dataset::v1::DescribeIdentityPoolUsageResponse* response) override;
  grpc::Status ListIdentityPoolUsage(grpc::ServerContext* context,
                                     const dataset::v1::ListIdentityPoolUsageRequest* request,
                                     dataset::v1::ListIdentityPoolUsageResponse* response) override;
};

class FakeStreamConfigService final : public stream_config::v1::StreamConfigService::Service {
 public:
  FakeMethod<stream_config::v1::GetPoolRequest, stream_config::v1::GetPoolResponse> get_pool;
  FakeMethod<stream_config::v1::UpdatePoolRequest, stream_config::v1::UpdatePoolResponse>
      update_pool;
  FakeMethod<stream_config::v1::StartBulkPublishRequest,
             stream_config::v1::StartBulkPublishResponse>
      start_bulk_publish;
  FakeMethod<stream_config::v1::GetBulkPublishRequest, stream_config::v1::GetBulkPublishResponse>
      get_bulk_publish;

 private:
  grpc::Status GetPool(grpc::ServerContext* context,
                       const stream_config::v1::GetPoolRequest* request,
                       stream_config::v1::GetPoolResponse* response) override;
  grpc::Status UpdatePool(grpc::ServerContext* context,
                          const stream_config::v1::UpdatePoolRequest* request,
                          stream_config::v1::UpdatePoolResponse* response) override;
  grpc::Status StartBulkPublish(grpc::ServerContext* context,
                                const stream_config::v1::StartBulkPublishRequest* request,
                                stream_config::v1::StartBulkPublishResponse* response) override;
  grpc::Status GetBulkPublish(grpc::ServerContext* context,
                              const stream_config::v1::GetBulkPublishRequest* request,
                              stream_config::v1::GetBulkPublishResponse* response) override;
};

// Both behind one server.
struct FakeServices {
  FakeServices();

  std::string address() const;

  FakeDatasetService dataset;
  FakeStreamConfigService stream_config;
  std::unique_ptr<rpc::RpcServer> server;
};

template <typename Request, typename Response>
void FakeMethod<Request, Response>::Does(Behavior behavior) {
  const std::lock_guard lock(mutex_);
  behavior_ = std::move(behavior);
}

template <typename Request, typename Response>
void FakeMethod<Request, Response>::Answers(Response answer) {
  Does([answer = std::move(answer)](const Request&, Response& response) {
    response = answer;
    return absl::OkStatus();
  });
}

template <typename Request, typename Response>
void FakeMethod<Request, Response>::Fails(absl::Status status) {
  Does([status = std::move(status)](const Request&, Response&) { return status; });
}

template <typename Request, typename Response>
std::optional<Request> FakeMethod<Request, Response>::request() const {
  const std::lock_guard lock(mutex_);
  return request_;
}

template <typename Request, typename Response>
CallMetadata FakeMethod<Request, Response>::metadata() const {
  const std::lock_guard lock(mutex_);
  return metadata_;
}

template <typename Request, typename Response>
int FakeMethod<Request, Response>::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

}  // namespace tidemark::gateway

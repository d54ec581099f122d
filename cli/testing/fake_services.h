#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tidemark/dataset/v1/admin_service.grpc.pb.h"
#include "tidemark/dataset/v1/change_log_service.grpc.pb.h"
#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"
#include "tidemark/publisher/v1/publisher_service.grpc.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::cli::testing {

// What a method does: remembers what it was asked, answers as told.
template <typename Request, typename Response>
struct FakeMethod {
  std::vector<Request> requests;
  // Their metadata.
  std::vector<std::map<std::string, std::string>> metadata;
  // Answers the nth call, from 0; the default is an empty response.
  std::function<grpc::Status(std::size_t n, const Request& request, Response& response)> answer;

  grpc::Status Take(const grpc::ServerContext& context, const Request& request,
                    Response& response) {
    requests.push_back(request);
    auto& entries = metadata.emplace_back();
    for (const auto& [key, value] : context.client_metadata()) {
      entries[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
    }
    return answer ? answer(requests.size() - 1, request, response) : grpc::Status::OK;
  }
  void Answer(Response response) {
    answer = [response](std::size_t, const Request&, Response& out) {
      out = response;
      return grpc::Status::OK;
    };
  }
  void Fail(grpc::Status status) {
    answer = [status](std::size_t, const Request&, Response&) { return status; };
  }
};

// NOLINTBEGIN(bugprone-macro-parentheses): these make declarations.
#define TM_FAKE(package, Method)                                                                 \
  FakeMethod<package::v1::Method##Request, package::v1::Method##Response> Method##Calls;         \
  grpc::Status Method(grpc::ServerContext* context, const package::v1::Method##Request* request, \
                      package::v1::Method##Response* response) override {                        \
    return Method##Calls.Take(*context, *request, *response);                                    \
  }
// NOLINTEND(bugprone-macro-parentheses)

class FakeStreamConfig final : public stream_config::v1::StreamConfigService::Service {
 public:
  TM_FAKE(stream_config, CreatePool)
  TM_FAKE(stream_config, GetPool)
  TM_FAKE(stream_config, ListPools)
  TM_FAKE(stream_config, UpdatePool)
  TM_FAKE(stream_config, DeletePool)
  TM_FAKE(stream_config, StartBulkPublish)
  TM_FAKE(stream_config, GetBulkPublish)

  std::vector<stream_config::v1::WatchPoolsResponse> watch_responses;  // then NOT_READY
  grpc::Status WatchPools(
      grpc::ServerContext*, const stream_config::v1::WatchPoolsRequest*,
      grpc::ServerWriter<stream_config::v1::WatchPoolsResponse>* writer) override {
    for (const auto& response : watch_responses) writer->Write(response);
    return {grpc::StatusCode::UNAVAILABLE, "stopping"};
  }
};

class FakePublisher final : public publisher::v1::PublisherService::Service {
 public:
  TM_FAKE(publisher, GetStatus)
  TM_FAKE(publisher, ListParkedChanges)
  TM_FAKE(publisher, ReplayParkedChanges)
  TM_FAKE(publisher, DiscardParkedChanges)
  TM_FAKE(publisher, PauseDestination)
  TM_FAKE(publisher, ResumeDestination)
};

class FakeChangeLog final : public dataset::v1::ChangeLogService::Service {
 public:
  TM_FAKE(dataset, DescribeChangeLog)
};

class FakeAdmin final : public dataset::v1::DatasetAdminService::Service {
 public:
  TM_FAKE(dataset, ListIdentities)
  TM_FAKE(dataset, EraseIdentity)
  TM_FAKE(dataset, MergeIdentities)

  std::vector<dataset::v1::ExportPoolRequest> export_requests;
  std::vector<dataset::v1::ExportPoolResponse> export_parts;
  grpc::Status ExportPool(grpc::ServerContext*, const dataset::v1::ExportPoolRequest* request,
                          grpc::ServerWriter<dataset::v1::ExportPoolResponse>* writer) override {
    export_requests.push_back(*request);
    for (const auto& part : export_parts) writer->Write(part);
    return grpc::Status::OK;
  }
};

class FakeDatasets final : public dataset::v1::DatasetService::Service {
 public:
  TM_FAKE(dataset, ListDatasets)
};

#undef TM_FAKE

}  // namespace tidemark::cli::testing

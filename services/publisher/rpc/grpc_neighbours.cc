#include "services/publisher/rpc/grpc_neighbours.h"

#include <utility>

#include "common/obs/log.h"
#include "common/rpc/channel.h"

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kCallTime = absl::Seconds(5);

// A call under way; it lives until its answer has come.
template <typename Stub, typename Request, typename Response>
struct Telling {
  std::shared_ptr<Stub> stub;
  grpc::ClientContext context;
  Request request;
  Response response;
};

template <typename Response, typename Stub, typename Request>
auto MakeTelling(std::shared_ptr<Stub> stub, Request request, Random& random) {
  auto telling = std::make_shared<Telling<Stub, Request, Response>>();
  telling->stub = std::move(stub);
  telling->request = std::move(request);
  rpc::SetTimeout(telling->context, kCallTime);
  rpc::ActAsService("tidemark-publisher", random, telling->context);
  return telling;
}

void LogFailure(const grpc::Status& status, std::string_view text) {
  if (status.ok()) return;
  obs::Log(obs::Level::kWarning, text, {{"error", status.error_message()}});
}

}  // namespace

GrpcNeighbours::GrpcNeighbours(const std::shared_ptr<grpc::Channel>& stream_config,
                               const std::shared_ptr<grpc::Channel>& dataset, Random& random)
    : stream_config_(stream_config::v1::StreamConfigService::NewStub(stream_config)),
      dataset_(dataset::v1::ChangeLogService::NewStub(dataset)),
      random_(random) {}

void GrpcNeighbours::TurnOff(const DestinationConfig& destination, const std::string& reason) {
  stream_config::v1::DisableStreamRequest request;
  request.set_identity_pool_id(destination.pool_id);
  request.set_epoch(destination.id.epoch);
  request.set_version(destination.version);
  request.set_reason(reason);
  auto telling = MakeTelling<stream_config::v1::DisableStreamResponse>(stream_config_,
                                                                       std::move(request), random_);
  telling->stub->async()->DisableStream(
      &telling->context, &telling->request, &telling->response,
      [telling](const grpc::Status& status) {
        LogFailure(status, "a stream could not be turned off; it will be tried again");
        if (!status.ok()) return;
        if (telling->response.pool().stream().status() ==
            stream_config::v1::STREAMING_STATUS_ENABLED) {
          obs::Log(
              obs::Level::kInfo,
              "a stream was not turned off: its pool changed meanwhile; it will be tried again",
              {{"pool_id", telling->request.identity_pool_id()}});
          return;
        }
        obs::Log(obs::Level::kWarning, "a stream was turned off",
                 {{"pool_id", telling->request.identity_pool_id()},
                  {"reason", telling->request.reason()}});
      });
}

void GrpcNeighbours::ReportLowMark(Position position) {
  dataset::v1::ReportLowMarkRequest request;
  request.set_low_mark(position);
  auto telling =
      MakeTelling<dataset::v1::ReportLowMarkResponse>(dataset_, std::move(request), random_);
  telling->stub->async()->ReportLowMark(
      &telling->context, &telling->request, &telling->response,
      [telling](const grpc::Status& status) {
        LogFailure(status, "the dataset service could not be told what is delivered");
      });
}

void GrpcNeighbours::ReportBulkPublish(const BulkReport& report) {
  stream_config::v1::ReportBulkPublishRequest request;
  request.set_identity_pool_id(report.pool_id);
  request.set_job(report.job);
  stream_config::v1::BulkPublishProgress& progress = *request.mutable_progress();
  progress.set_datasets_done(report.counts.datasets);
  progress.set_datasets_total(report.total);
  progress.set_datasets_failed(report.counts.failed);
  progress.set_bytes_sent(report.counts.bytes);
  if (report.ended) {
    request.set_ended(report.failure ? stream_config::v1::BULK_PUBLISH_STATE_FAILED
                                     : stream_config::v1::BULK_PUBLISH_STATE_SUCCEEDED);
    if (report.failure) request.set_failure_message(report.failure_message);
  }
  auto telling = MakeTelling<stream_config::v1::ReportBulkPublishResponse>(
      stream_config_, std::move(request), random_);
  telling->stub->async()->ReportBulkPublish(
      &telling->context, &telling->request, &telling->response,
      [telling](const grpc::Status& status) {
        LogFailure(status, "how far a bulk publish is could not be told; it will be tried again");
      });
}

}  // namespace tidemark::publisher

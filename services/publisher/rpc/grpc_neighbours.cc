#include "services/publisher/rpc/grpc_neighbours.h"

#include <utility>

#include "common/base/abseil.h"
#include "common/errors/sqlstate.h"
#include "common/obs/log.h"
#include "services/publisher/rpc/as_publisher.h"

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kCallTime = absl::Seconds(5);

void LogFailure(const absl::Status& status, std::string_view text) {
  if (status.ok()) return;
  const std::string cause = errors::DriverTextOf(status);
  obs::Log(obs::Level::kWarning, text,
           {{"error", cause.empty() ? ToStd(status.message()) : cause}});
}

}  // namespace

GrpcNeighbours::GrpcNeighbours(const std::shared_ptr<grpc::Channel>& stream_config,
                               const std::shared_ptr<grpc::Channel>& dataset, Random& random)
    : random_(random), stream_config_(stream_config), dataset_(dataset) {}

void GrpcNeighbours::TurnOff(const DestinationConfig& destination, const std::string& reason) {
  stream_config::v1::DisableStreamRequest request;
  request.set_identity_pool_id(destination.pool_id);
  request.set_epoch(destination.id.epoch);
  request.set_version(destination.version);
  request.set_reason(reason);
  stream_config_.Begin(
      &StreamConfig::Async::DisableStream, std::move(request), AsPublisher(random_, kCallTime),
      [pool_id = destination.pool_id,
       reason](const absl::StatusOr<stream_config::v1::DisableStreamResponse>& response) {
        LogFailure(response.status(), "a stream could not be turned off; it will be tried again");
        if (!response.ok()) return;
        if (response->pool().stream().status() == stream_config::v1::STREAMING_STATUS_ENABLED) {
          obs::Log(
              obs::Level::kInfo,
              "a stream was not turned off: its pool changed meanwhile; it will be tried again",
              {{"pool_id", pool_id}});
          return;
        }
        obs::Log(obs::Level::kWarning, "a stream was turned off",
                 {{"pool_id", pool_id}, {"reason", reason}});
      });
}

void GrpcNeighbours::ReportLowMark(Position position) {
  dataset::v1::ReportLowMarkRequest request;
  request.set_low_mark(position);
  dataset_.Begin(&ChangeLog::Async::ReportLowMark, std::move(request),
                 AsPublisher(random_, kCallTime), [](const auto& response) {
                   LogFailure(response.status(),
                              "the dataset service could not be told what is delivered");
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
  stream_config_.Begin(&StreamConfig::Async::ReportBulkPublish, std::move(request),
                       AsPublisher(random_, kCallTime), [](const auto& response) {
                         LogFailure(
                             response.status(),
                             "how far a bulk publish is could not be told; it will be tried again");
                       });
}

}  // namespace tidemark::publisher

#include "services/stream_config/rpc/bulk_publish_rpc.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"
#include "services/stream_config/domain/bulk_publish.h"
#include "services/stream_config/domain/checks.h"
#include "services/stream_config/rpc/convert.h"

namespace tidemark::stream_config {
namespace {

using errors::Violations;

struct ParsedReport {
  std::string pool_id;
  BulkJob job;
  BulkProgress progress;
  bool ended = false;
  std::string failure_message;  // empty: it succeeded
};

std::int64_t ParseFigure(std::string_view name, std::int64_t figure, Violations& violations) {
  if (figure < 0) {
    violations.Add(absl::StrCat("progress.", std::string(name)),
                   absl::StrCat(figure, " is negative"));
  }
  return figure;
}

BulkProgress ParseProgress(const v1::BulkPublishProgress& progress, Violations& violations) {
  return {.datasets_done = ParseFigure("datasets_done", progress.datasets_done(), violations),
          .datasets_total = ParseFigure("datasets_total", progress.datasets_total(), violations),
          .datasets_failed = ParseFigure("datasets_failed", progress.datasets_failed(), violations),
          .bytes_sent = ParseFigure("bytes_sent", progress.bytes_sent(), violations)};
}

void ParseEnd(const v1::ReportBulkPublishRequest& request, ParsedReport& parsed,
              Violations& violations) {
  switch (request.ended()) {
    case v1::BULK_PUBLISH_STATE_UNSPECIFIED:
    case v1::BULK_PUBLISH_STATE_SUCCEEDED:
      if (!request.failure_message().empty()) {
        violations.Add("failure_message", "is for what ended as FAILED (3)");
      }
      break;
    case v1::BULK_PUBLISH_STATE_FAILED:
      CheckReason("failure_message", request.failure_message(), violations);
      break;
    default:
      violations.Add("ended", absl::StrCat(static_cast<int>(request.ended()),
                                           " is not SUCCEEDED (2), FAILED (3) or unspecified (0)"));
  }
  parsed.ended = request.ended() != v1::BULK_PUBLISH_STATE_UNSPECIFIED;
  parsed.failure_message = request.failure_message();
}

absl::StatusOr<ParsedReport> ParseReport(const v1::ReportBulkPublishRequest& request) {
  Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  if (request.job() < 1) {
    violations.Add("job", absl::StrCat(request.job(), " is no job; they begin at 1"));
  }
  ParsedReport parsed{.pool_id = request.identity_pool_id(), .job = BulkJob(request.job())};
  parsed.progress = ParseProgress(request.progress(), violations);
  ParseEnd(request, parsed, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  return parsed;
}

void ToProto(const BulkProgress& progress, v1::BulkPublishProgress& proto) {
  proto.set_datasets_done(progress.datasets_done);
  proto.set_datasets_total(progress.datasets_total);
  proto.set_datasets_failed(progress.datasets_failed);
  proto.set_bytes_sent(progress.bytes_sent);
  if (progress.update_time) *proto.mutable_update_time() = ToTimestamp(*progress.update_time);
}

}  // namespace

absl::Status BulkPublishRpc::Start(const rpc::Call& call,
                                   const v1::StartBulkPublishRequest& request,
                                   v1::StartBulkPublishResponse& response) {
  TM_ASSIGN_OR_RETURN(const std::string pool_id, ParsePoolId(request.identity_pool_id()));
  const Edit edit = [&](const Pool& pool) -> absl::StatusOr<std::optional<Pool>> {
    return StartBulkPublish(pool, request.again(), clock_.Now());
  };
  TM_ASSIGN_OR_RETURN(const Pool pool, writer_.Update(pool_id, std::nullopt, edit, call.deadline));
  ToProto(*pool.bulk_publish, *response.mutable_bulk_publish());
  return absl::OkStatus();
}

absl::Status BulkPublishRpc::Get(const rpc::Call& call, const v1::GetBulkPublishRequest& request,
                                 v1::GetBulkPublishResponse& response) {
  TM_ASSIGN_OR_RETURN(const std::string pool_id, ParsePoolId(request.identity_pool_id()));
  TM_ASSIGN_OR_RETURN(const BulkPublishStatus status,
                      store_.GetBulkPublish(pool_id, call.deadline));
  v1::BulkPublish& proto = *response.mutable_bulk_publish();
  if (!status.bulk_publish) return absl::OkStatus();
  ToProto(*status.bulk_publish, proto);
  ToProto(status.progress, *proto.mutable_progress());
  return absl::OkStatus();
}

// The figures first: they are taken only while the job runs.
absl::Status BulkPublishRpc::Report(const rpc::Call& call,
                                    const v1::ReportBulkPublishRequest& request,
                                    v1::ReportBulkPublishResponse&) {
  TM_ASSIGN_OR_RETURN(const ParsedReport parsed, ParseReport(request));
  TM_RETURN_IF_ERROR(store_.NoteBulkProgress(parsed.pool_id, parsed.job, parsed.progress,
                                             clock_.Now(), call.deadline));
  if (!parsed.ended) return absl::OkStatus();
  const Edit edit = [&](const Pool& pool) -> absl::StatusOr<std::optional<Pool>> {
    return EndBulkPublish(pool, parsed.job, parsed.failure_message, clock_.Now());
  };
  return writer_.Update(parsed.pool_id, std::nullopt, edit, call.deadline).status();
}

}  // namespace tidemark::stream_config

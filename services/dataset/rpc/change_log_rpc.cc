#include "services/dataset/rpc/change_log_rpc.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"
#include "services/dataset/rpc/snapshot_messages.h"

namespace tidemark::dataset {

ChangeLogRpc::ChangeLogRpc(const Parts& parts, const rpc::Calls::Options& options,
                           prometheus::Registry& registry)
    : parts_(parts), calls_(v1::ChangeLogService::service_full_name(), options, registry) {}

grpc::ServerUnaryReactor* ChangeLogRpc::GetEndPosition(grpc::CallbackServerContext* context,
                                                       const v1::GetEndPositionRequest* request,
                                                       v1::GetEndPositionResponse* response) {
  return calls_.Unary(context, "GetEndPosition", request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        const absl::Status allowed = rpc::RequireDeveloper(call);
                        if (!allowed.ok()) return done(allowed);
                        parts_.reads.LogEndPosition(
                            call.deadline, [=](const absl::StatusOr<std::int64_t>& position) {
                              if (position.ok()) response->set_position(*position);
                              done(position.status());
                            });
                      });
}

grpc::ServerUnaryReactor* ChangeLogRpc::ReportLowMark(grpc::CallbackServerContext* context,
                                                      const v1::ReportLowMarkRequest* request,
                                                      v1::ReportLowMarkResponse* response) {
  return calls_.Blocking(
      parts_.upkeep_thread, context, "ReportLowMark", request, response,
      [=, this](const rpc::Call& call) -> absl::Status {
        TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
        errors::Violations violations;
        if (request->low_mark() < 0) {
          violations.Add("low_mark", absl::StrCat(request->low_mark(), " is negative; at least 0"));
        }
        TM_RETURN_IF_ERROR(violations.ToStatus());
        TM_ASSIGN_OR_RETURN(const std::int64_t emptied,
                            parts_.upkeep.ReportLowMark(request->low_mark(), call.deadline));
        response->set_emptied_through(emptied);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ChangeLogRpc::DescribeChangeLog(
    grpc::CallbackServerContext* context, const v1::DescribeChangeLogRequest* request,
    v1::DescribeChangeLogResponse* response) {
  return calls_.Blocking(parts_.upkeep_thread, context, "DescribeChangeLog", request, response,
                         [=, this](const rpc::Call& call) -> absl::Status {
                           TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
                           TM_ASSIGN_OR_RETURN(const LogDescription log,
                                               parts_.upkeep.Describe(call.deadline));
                           response->set_end_position(log.end_position);
                           response->set_emptied_through(log.emptied_through);
                           response->set_low_mark(log.low_mark);
                           response->set_size_bytes(log.size_bytes);
                           response->set_partition_count(log.partitions);
                           response->set_partitions_ahead(log.partitions_ahead);
                           return absl::OkStatus();
                         });
}

absl::Status ChangeLogRpc::CheckPool(const rpc::Call& call, const std::string& pool_id,
                                     const errors::Violations& violations) const {
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  return RequirePool(parts_.pools, pool_id).status();
}

absl::Status ChangeLogRpc::Read(const rpc::Call& call, const v1::ReadSnapshotsRequest& request,
                                v1::ReadSnapshotsResponse& response) {
  errors::Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  const std::vector<LogShard> shards = ParseLogShards(request.log_shards(), violations);
  const SnapshotCursor after =
      request.has_after() ? ParseAfter(request.after(), violations) : SnapshotCursor{};
  const SnapshotBounds bounds{.bytes = ParseMaxBytes(request.max_bytes(), violations)};
  TM_RETURN_IF_ERROR(CheckPool(call, request.identity_pool_id(), violations));
  TM_ASSIGN_OR_RETURN(SnapshotPage page, parts_.snapshots.Read(request.identity_pool_id(), shards,
                                                               after, bounds, call.deadline));
  response.mutable_snapshots()->Reserve(static_cast<int>(page.snapshots.size()));
  for (Snapshot& snapshot : page.snapshots) {
    ToProto(std::move(snapshot), *response.add_snapshots());
  }
  response.set_more(page.next.has_value());
  if (page.next) ToProto(*page.next, *response.mutable_last_examined());
  return absl::OkStatus();
}

absl::Status ChangeLogRpc::Get(const rpc::Call& call, const v1::GetSnapshotsRequest& request,
                               v1::GetSnapshotsResponse& response) {
  errors::Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  const std::vector<DatasetKey> asked = ParseAsked(request, violations);
  const std::int64_t max_bytes = ParseMaxBytes(request.max_bytes(), violations);
  TM_RETURN_IF_ERROR(CheckPool(call, request.identity_pool_id(), violations));
  TM_ASSIGN_OR_RETURN(FoundSnapshots found, parts_.snapshots.Get(request.identity_pool_id(), asked,
                                                                 max_bytes, call.deadline));
  for (Snapshot& snapshot : found.snapshots) {
    ToProto(std::move(snapshot), *response.add_snapshots());
  }
  response.set_examined(found.examined);
  return absl::OkStatus();
}

absl::Status ChangeLogRpc::Count(const rpc::Call& call, const v1::CountSnapshotsRequest& request,
                                 v1::CountSnapshotsResponse& response) {
  errors::Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  TM_RETURN_IF_ERROR(CheckPool(call, request.identity_pool_id(), violations));
  TM_ASSIGN_OR_RETURN(const std::int64_t datasets,
                      parts_.snapshots.Count(request.identity_pool_id(), call.deadline));
  response.set_datasets(datasets);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ChangeLogRpc::ReadSnapshots(grpc::CallbackServerContext* context,
                                                      const v1::ReadSnapshotsRequest* request,
                                                      v1::ReadSnapshotsResponse* response) {
  return calls_.Blocking(
      parts_.snapshot_threads, context, "ReadSnapshots", request, response,
      [=, this](const rpc::Call& call) { return Read(call, *request, *response); });
}

grpc::ServerUnaryReactor* ChangeLogRpc::GetSnapshots(grpc::CallbackServerContext* context,
                                                     const v1::GetSnapshotsRequest* request,
                                                     v1::GetSnapshotsResponse* response) {
  return calls_.Blocking(
      parts_.snapshot_threads, context, "GetSnapshots", request, response,
      [=, this](const rpc::Call& call) { return Get(call, *request, *response); });
}

grpc::ServerUnaryReactor* ChangeLogRpc::CountSnapshots(grpc::CallbackServerContext* context,
                                                       const v1::CountSnapshotsRequest* request,
                                                       v1::CountSnapshotsResponse* response) {
  return calls_.Blocking(
      parts_.snapshot_threads, context, "CountSnapshots", request, response,
      [=, this](const rpc::Call& call) { return Count(call, *request, *response); });
}

}  // namespace tidemark::dataset

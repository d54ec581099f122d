#include "services/dataset/rpc/change_log_rpc.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/errors/violations.h"
#include "services/dataset/rpc/pools.h"

namespace tidemark::dataset {

ChangeLogRpc::ChangeLogRpc(ReadStore& reads, LogUpkeep& upkeep, Executor& thread,
                           const rpc::Calls::Options& options, prometheus::Registry& registry)
    : reads_(reads),
      upkeep_(upkeep),
      thread_(thread),
      calls_(v1::ChangeLogService::service_full_name(), options, registry) {}

grpc::ServerUnaryReactor* ChangeLogRpc::GetEndPosition(grpc::CallbackServerContext* context,
                                                       const v1::GetEndPositionRequest* request,
                                                       v1::GetEndPositionResponse* response) {
  return calls_.Unary(context, "GetEndPosition", request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        const absl::Status allowed = rpc::RequireDeveloper(call);
                        if (!allowed.ok()) return done(allowed);
                        reads_.LogEndPosition(call.deadline,
                                              [=](const absl::StatusOr<std::int64_t>& position) {
                                                if (position.ok())
                                                  response->set_position(*position);
                                                done(position.status());
                                              });
                      });
}

grpc::ServerUnaryReactor* ChangeLogRpc::ReportLowMark(grpc::CallbackServerContext* context,
                                                      const v1::ReportLowMarkRequest* request,
                                                      v1::ReportLowMarkResponse* response) {
  return calls_.Blocking(
      thread_, context, "ReportLowMark", request, response,
      [=, this](const rpc::Call& call) -> absl::Status {
        TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
        errors::Violations violations;
        if (request->low_mark() < 0) {
          violations.Add("low_mark", absl::StrCat(request->low_mark(), " is negative"));
        }
        TM_RETURN_IF_ERROR(violations.ToStatus());
        TM_ASSIGN_OR_RETURN(const std::int64_t emptied,
                            upkeep_.ReportLowMark(request->low_mark(), call.deadline));
        response->set_emptied_through(emptied);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ChangeLogRpc::DescribeChangeLog(
    grpc::CallbackServerContext* context, const v1::DescribeChangeLogRequest* request,
    v1::DescribeChangeLogResponse* response) {
  return calls_.Blocking(thread_, context, "DescribeChangeLog", request, response,
                         [=, this](const rpc::Call& call) -> absl::Status {
                           TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
                           TM_ASSIGN_OR_RETURN(const LogDescription log,
                                               upkeep_.Describe(call.deadline));
                           response->set_end_position(log.end_position);
                           response->set_emptied_through(log.emptied_through);
                           response->set_low_mark(log.low_mark);
                           response->set_size_bytes(log.size_bytes);
                           response->set_partition_count(log.partitions);
                           response->set_partitions_ahead(log.partitions_ahead);
                           return absl::OkStatus();
                         });
}

}  // namespace tidemark::dataset

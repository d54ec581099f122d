#pragma once

#include "common/base/executor.h"
#include "common/rpc/calls.h"
#include "services/dataset/store/log_upkeep.h"
#include "services/dataset/store/store.h"
#include "tidemark/dataset/v1/change_log_service.grpc.pb.h"

namespace tidemark::dataset {

// The change log for the services that follow it: see change_log_service.proto.
class ChangeLogRpc final : public v1::ChangeLogService::CallbackService {
 public:
  // `upkeep` is used on `thread` (one thread) alone. All outlive the object.
  ChangeLogRpc(ReadStore& reads, LogUpkeep& upkeep, Executor& thread,
               const rpc::Calls::Options& options, prometheus::Registry& registry);

  grpc::ServerUnaryReactor* GetEndPosition(grpc::CallbackServerContext* context,
                                           const v1::GetEndPositionRequest* request,
                                           v1::GetEndPositionResponse* response) override;
  grpc::ServerUnaryReactor* ReportLowMark(grpc::CallbackServerContext* context,
                                          const v1::ReportLowMarkRequest* request,
                                          v1::ReportLowMarkResponse* response) override;
  grpc::ServerUnaryReactor* DescribeChangeLog(grpc::CallbackServerContext* context,
                                              const v1::DescribeChangeLogRequest* request,
                                              v1::DescribeChangeLogResponse* response) override;

 private:
  ReadStore& reads_;
  LogUpkeep& upkeep_;
  Executor& thread_;
  rpc::Calls calls_;
};

}  // namespace tidemark::dataset

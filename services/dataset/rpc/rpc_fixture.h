#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/base/random.h"
#include "common/rpc/status.h"
#include "services/dataset/rpc/admin_rpc.h"
#include "services/dataset/rpc/dataset_rpc.h"
#include "services/dataset/store/memory_store.h"
#include "services/dataset/trigger/testing/fake_functions.h"

namespace tidemark::dataset {

// A clock that tests set.
class SettableClock final : public Clock {
 public:
  absl::Time Now() const override { return now_; }
  void Advance(absl::Duration by) { now_ += by; }

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

// Pools of a fixed list.
class FixedPools final : public Pools {
 public:
  absl::Status Ready() const override { return ready; }
  std::optional<PoolFacts> Find(std::string_view pool_id) const override {
    const auto found = pools.find(std::string(pool_id));
    if (found == pools.end()) return std::nullopt;
    return found->second;
  }
  std::vector<std::string> List(std::string_view after, int limit) const override {
    std::vector<std::string> ids;
    for (auto it = pools.upper_bound(std::string(after));
         it != pools.end() && static_cast<int>(ids.size()) < limit; ++it) {
      ids.push_back(it->first);
    }
    return ids;
  }

  std::map<std::string, PoolFacts> pools;
  absl::Status ready;
};

// Applies each update at once.
class DirectSink final : public UpdateSink {
 public:
  explicit DirectSink(UpdateStore& store) : store_(store) {}

  void Submit(UpdateRequest request, absl::Time deadline, Callback done) override {
    const UpdateRequest* const pointer = &request;
    UpdateOutcome outcome = store_.Update({&pointer, 1}, deadline).front();
    done(std::move(request), std::move(outcome));
  }

 private:
  UpdateStore& store_;
};

// Applies each deletion at once.
class DirectDeletions final : public DeleteSink {
 public:
  explicit DirectDeletions(AdminStore& store) : store_(store) {}

  void Submit(DeleteRequest request, absl::Time deadline, Callback done) override {
    done(store_.Delete(request, deadline));
  }

 private:
  AdminStore& store_;
};

// The dataset service's RPCs over the memory store, called through gRPC.
class DatasetRpcTest : public ::testing::Test {
 protected:
  static constexpr const char* kPool = "us-east-1:0a";
  static constexpr const char* kIdentity = "us-east-1:1b";

  DatasetRpcTest() {
    pools_.pools[kPool] = {PoolNumber(1), Limits{}, ""};
    grpc::ServerBuilder builder;
    builder.RegisterService(&dataset_rpc_);
    builder.RegisterService(&admin_rpc_);
    server_ = builder.BuildAndStart();
    const auto channel = server_->InProcessChannel({});
    datasets_ = v1::DatasetService::NewStub(channel);
    admin_ = v1::DatasetAdminService::NewStub(channel);
  }

  // Calls `method` of a stub as `caller_`.
  template <typename Stub, typename Request, typename Response>
  absl::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.AddMetadata("x-tidemark-caller", caller_);
    if (!principal_.empty()) context.AddMetadata("x-tidemark-principal", principal_);
    if (!attempt_.empty()) context.AddMetadata("x-request-id", attempt_);
    return rpc::FromGrpc((stub.*method)(&context, request, response));
  }

  v1::ListRecordsRequest ListRequest(const std::string& name = "prefs") {
    v1::ListRecordsRequest request;
    request.set_identity_pool_id(kPool);
    request.set_identity_id(kIdentity);
    request.set_dataset_name(name);
    return request;
  }

  absl::StatusOr<v1::ListRecordsResponse> List(const v1::ListRecordsRequest& request) {
    v1::ListRecordsResponse response;
    const absl::Status status =
        Call(*datasets_, &v1::DatasetService::Stub::ListRecords, request, &response);
    if (!status.ok()) return status;
    return response;
  }

  std::string Token(const std::string& name = "prefs") {
    const auto listed = List(ListRequest(name));
    EXPECT_TRUE(listed.ok()) << listed.status();
    return listed.ok() ? listed->sync_session_token() : "";
  }

  v1::UpdateRecordsRequest UpdateRequestOf(const std::string& key, std::int64_t count,
                                           const std::string& value = "v") {
    v1::UpdateRecordsRequest request;
    request.set_identity_pool_id(kPool);
    request.set_identity_id(kIdentity);
    request.set_dataset_name("prefs");
    request.set_sync_session_token(Token());
    v1::RecordPatch* patch = request.add_record_patches();
    patch->set_op(v1::RecordPatch::OP_REPLACE);
    patch->set_key(key);
    patch->set_value(value);
    patch->set_sync_count(count);
    return request;
  }

  absl::StatusOr<v1::UpdateRecordsResponse> Update(const v1::UpdateRecordsRequest& request) {
    v1::UpdateRecordsResponse response;
    const absl::Status status =
        Call(*datasets_, &v1::DatasetService::Stub::UpdateRecords, request, &response);
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<v1::DeleteDatasetResponse> Delete(const std::string& request_id) {
    v1::DeleteDatasetRequest request;
    request.set_identity_pool_id(kPool);
    request.set_identity_id(kIdentity);
    request.set_dataset_name("prefs");
    request.set_request_id(request_id);
    v1::DeleteDatasetResponse response;
    const absl::Status status =
        Call(*datasets_, &v1::DatasetService::Stub::DeleteDataset, request, &response);
    if (!status.ok()) return status;
    return response;
  }

  SettableClock clock_;
  MemoryStore store_{clock_};
  DirectSink sink_{store_};
  DirectDeletions deletions_{store_};
  FixedPools pools_;
  SessionCounter sessions_;
  prometheus::Registry registry_;
  FakeFunctions functions_;
  TriggerMetrics trigger_metrics_{registry_};
  Executor trigger_threads_{1, 64};
  SyncTrigger trigger_{
      {store_, sink_, functions_, trigger_threads_, clock_, trigger_metrics_, "us-east-1",
       [this](const std::string& pool_id) { return RequirePool(pools_, pool_id).status(); }},
      {}};
  Executor admin_thread_{1, 64};
  Executor export_thread_{1, 4};
  const Backend backend_{
      sink_,
      deletions_,
      store_,
      trigger_,
      store_,
      admin_thread_,
      pools_,
      sessions_,
      clock_,
      SystemRandom(),
      config::Keyring::Parse("k:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").value(),
      "123456789012"};
  DatasetRpc dataset_rpc_{backend_, {.service = "dataset"}, registry_};
  DatasetAdminRpc admin_rpc_{backend_, store_, export_thread_, {.service = "dataset"}, registry_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::DatasetService::Stub> datasets_;
  std::unique_ptr<v1::DatasetAdminService::Stub> admin_;
  std::string caller_ = "developer";
  std::string principal_;
  std::string attempt_;  // x-request-id; empty: none
};

}  // namespace tidemark::dataset

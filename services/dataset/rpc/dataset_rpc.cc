#include "services/dataset/rpc/dataset_rpc.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/seal/seal.h"
#include "services/dataset/domain/checks.h"
#include "services/dataset/rpc/convert.h"
#include "services/dataset/rpc/record_pages.h"

namespace tidemark::dataset {
namespace {

constexpr std::string_view kListDatasets = "list-datasets";
constexpr std::string_view kListPools = "list-identity-pool-usage";
constexpr int kDefaultDatasets = 1024;
constexpr int kDefaultPools = 60;

absl::Status DatasetNotFound(const DatasetKey& dataset) {
  return errors::ResourceError(
      absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_DATASET_NOT_FOUND, "dataset",
      dataset.name, absl::StrCat("there is no dataset '", dataset.name, "' of this identity"),
      {{"datasetName", dataset.name}});
}

// The text that a page token of one field holds; empty for no token.
absl::StatusOr<std::string> OpenPageToken(const config::Keyring& keyring, std::string_view purpose,
                                          const seal::Fields& inputs, const std::string& token) {
  if (token.empty()) return "";
  const auto fields = seal::Open(keyring, purpose, inputs, token);
  if (!fields || fields->size() != 1) return InvalidPageToken();
  return fields->front();
}

}  // namespace

DatasetRpc::DatasetRpc(const Backend& backend, const rpc::Calls::Options& options,
                       prometheus::Registry& registry)
    : backend_(backend),
      tokens_(backend.keyring, backend.random),
      calls_(v1::DatasetService::service_full_name(), options, registry) {}

absl::Status DatasetRpc::BeginListDatasets(const rpc::Call& call,
                                           const v1::ListDatasetsRequest& request,
                                           v1::ListDatasetsResponse& response,
                                           const rpc::Done& done) {
  errors::Violations violations;
  const IdentityKey identity = ParseIdentity(request, violations);
  const int limit =
      errors::CheckPageSize("page_size", request.page_size(), kDefaultDatasets, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireAccess(call, identity.identity_id));
  const seal::Fields inputs = {identity.pool_id, identity.identity_id};
  TM_ASSIGN_OR_RETURN(const std::string after,
                      OpenPageToken(backend_.keyring, kListDatasets, inputs, request.page_token()));
  TM_ASSIGN_OR_RETURN(const bool pool_known, IsKnownPool(backend_.pools, call, identity.pool_id));
  if (!pool_known) {
    done(absl::OkStatus());
    return absl::OkStatus();
  }
  backend_.reads.ListDatasets(
      identity, after, limit, call.deadline,
      [this, &response, inputs, done](absl::StatusOr<DatasetPage> page) {
        if (!page.ok()) return done(page.status());
        for (const DatasetInfo& info : page->datasets) ToProto(info, *response.add_datasets());
        if (page->more) {
          response.set_next_page_token(seal::Seal(backend_.keyring, kListDatasets, inputs,
                                                  {page->datasets.back().key.name}));
        }
        done(absl::OkStatus());
      });
  return absl::OkStatus();
}

absl::Status DatasetRpc::BeginDescribeDataset(const rpc::Call& call,
                                              const v1::DescribeDatasetRequest& request,
                                              v1::DescribeDatasetResponse& response,
                                              const rpc::Done& done) {
  errors::Violations violations;
  const DatasetKey dataset = ParseDataset(request, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireAccess(call, dataset.identity.identity_id));
  TM_RETURN_IF_ERROR(RequirePool(backend_.pools, dataset.identity.pool_id).status());
  backend_.reads.DescribeDataset(
      dataset, call.deadline,
      [&response, dataset, done](const absl::StatusOr<std::optional<DatasetInfo>>& info) {
        if (!info.ok()) return done(info.status());
        if (!info->has_value() || !(*info)->live) return done(DatasetNotFound(dataset));
        ToProto(**info, *response.mutable_dataset());
        done(absl::OkStatus());
      });
  return absl::OkStatus();
}

absl::Status DatasetRpc::BeginDelete(const rpc::Call& call, const v1::DeleteDatasetRequest& request,
                                     v1::DeleteDatasetResponse& response, const rpc::Done& done) {
  TM_ASSIGN_OR_RETURN(DeleteRequest deletion, ParseDelete(request, call, backend_.account_id));
  TM_RETURN_IF_ERROR(rpc::RequireAccess(call, deletion.dataset.identity.identity_id));
  TM_ASSIGN_OR_RETURN(const PoolFacts pool,
                      RequirePool(backend_.pools, deletion.dataset.identity.pool_id));
  deletion.pool_number = pool.number;
  const DatasetKey dataset = deletion.dataset;
  backend_.deletions.Submit(
      std::move(deletion), call.deadline,
      [&response, dataset, done](const absl::StatusOr<DeleteOutcome>& outcome) {
        if (!outcome.ok()) return done(outcome.status());
        switch (outcome->kind) {
          case DeleteOutcome::Kind::kNotFound:
            return done(DatasetNotFound(dataset));
          case DeleteOutcome::Kind::kRequestIdReused:
            return done(ToStatus(RequestIdReused{}));
          case DeleteOutcome::Kind::kDeleted:
          case DeleteOutcome::Kind::kReplayed:
            ToProto(outcome->dataset, *response.mutable_dataset());
        }
        done(absl::OkStatus());
      });
  return absl::OkStatus();
}

absl::Status DatasetRpc::BeginListRecords(const rpc::Call& call,
                                          const v1::ListRecordsRequest& request,
                                          v1::ListRecordsResponse& response,
                                          const rpc::Done& done) {
  TM_ASSIGN_OR_RETURN(const RecordQuery query, ParseRecordQuery(backend_.keyring, request));
  TM_RETURN_IF_ERROR(rpc::RequireAccess(call, query.dataset.identity.identity_id));
  TM_ASSIGN_OR_RETURN(const bool pool_known,
                      IsKnownPool(backend_.pools, call, request.identity_pool_id()));
  const absl::Time now = backend_.clock.Now();
  if (request.sync_session_token().empty()) {
    response.set_sync_session_token(tokens_.Begin(query.dataset, now));
    if (pool_known && !query.after) backend_.sessions.Count(request.identity_pool_id());
  } else {
    TM_ASSIGN_OR_RETURN(*response.mutable_sync_session_token(),
                        tokens_.Renew(query.dataset, request.sync_session_token(), now));
  }
  if (!pool_known) {
    TM_RETURN_IF_ERROR(FillRecordPage(backend_.keyring, query, RecordPage(), response));
    done(absl::OkStatus());
    return absl::OkStatus();
  }
  backend_.reads.ListRecords(
      query, call.deadline, [this, &response, query, done](absl::StatusOr<RecordPage> page) {
        if (!page.ok()) return done(page.status());
        done(FillRecordPage(backend_.keyring, query, *std::move(page), response));
      });
  return absl::OkStatus();
}

absl::Status DatasetRpc::BeginUpdateRecords(const rpc::Call& call,
                                            const v1::UpdateRecordsRequest& request,
                                            v1::UpdateRecordsResponse& response,
                                            const rpc::Done& done) {
  TM_ASSIGN_OR_RETURN(UpdateRequest update, ParseUpdate(request, call, backend_.account_id));
  TM_RETURN_IF_ERROR(rpc::RequireAccess(call, update.dataset.identity.identity_id));
  TM_ASSIGN_OR_RETURN(const PoolFacts pool,
                      RequirePool(backend_.pools, update.dataset.identity.pool_id));
  TM_RETURN_IF_ERROR(
      tokens_.Check(update.dataset, request.sync_session_token(), backend_.clock.Now()));
  if (update.patches.empty()) {  // changes nothing (contract 4.4)
    done(absl::OkStatus());
    return absl::OkStatus();
  }
  update.pool_number = pool.number;
  update.limits = pool.limits;
  // Developers' updates skip the function (contract section 7).
  std::string trigger = call.caller == rpc::CallerKind::kIdentity ? pool.sync_trigger : "";
  if (update.dataset.name.size() <= kMaxNameBytes) {
    SubmitUpdate(call, std::move(update), trigger, response, done);
    return absl::OkStatus();
  }
  // Longer names are for merged copies alone, which the server makes: the dataset must be there.
  const DatasetKey dataset = update.dataset;
  backend_.reads.DescribeDataset(
      dataset, call.deadline,
      [this, &call, &response, update = std::move(update), trigger = std::move(trigger),
       done](const absl::StatusOr<std::optional<DatasetInfo>>& info) mutable {
        if (!info.ok()) return done(info.status());
        if (!info->has_value() || !(*info)->live) return done(DatasetNotFound(update.dataset));
        SubmitUpdate(call, std::move(update), trigger, response, done);
      });
  return absl::OkStatus();
}

void DatasetRpc::SubmitUpdate(const rpc::Call& call, UpdateRequest update,
                              const std::string& trigger, v1::UpdateRecordsResponse& response,
                              const rpc::Done& done) {
  const auto answer = [&response, done](absl::StatusOr<std::vector<Record>> records) {
    if (!records.ok()) return done(records.status());
    response.mutable_records()->Reserve(static_cast<int>(records->size()));
    for (Record& record : *records) ToProto(std::move(record), *response.add_records());
    done(absl::OkStatus());
  };
  if (!trigger.empty()) {
    return backend_.trigger.Update(std::move(update), trigger, call.deadline, answer);
  }
  backend_.updates.Submit(
      std::move(update), call.deadline,
      [this, &call, answer](UpdateRequest request, const UpdateOutcome& outcome) {
        const Applied* const applied = std::get_if<Applied>(&outcome);
        if (applied == nullptr) return answer(ToStatus(outcome));
        if (!applied->triggered) return answer(AnswerOf(request, *applied));
        backend_.trigger.AnswerRepeat(std::move(request), *applied, call.deadline, answer);
      });
}

absl::Status DatasetRpc::BeginDescribeIdentity(const rpc::Call& call,
                                               const v1::DescribeIdentityUsageRequest& request,
                                               v1::DescribeIdentityUsageResponse& response,
                                               const rpc::Done& done) {
  errors::Violations violations;
  const IdentityKey identity = ParseIdentity(request, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireAccess(call, identity.identity_id));
  TM_RETURN_IF_ERROR(RequirePool(backend_.pools, identity.pool_id).status());
  backend_.reads.DescribeIdentity(identity, call.deadline,
                                  [&response, done](const absl::StatusOr<IdentityUsage>& usage) {
                                    if (!usage.ok()) return done(usage.status());
                                    ToProto(*usage, *response.mutable_usage());
                                    done(absl::OkStatus());
                                  });
  return absl::OkStatus();
}

absl::Status DatasetRpc::BeginDescribePool(const rpc::Call& call,
                                           const v1::DescribeIdentityPoolUsageRequest& request,
                                           v1::DescribeIdentityPoolUsageResponse& response,
                                           const rpc::Done& done) {
  errors::Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_RETURN_IF_ERROR(RequirePool(backend_.pools, request.identity_pool_id()).status());
  backend_.reads.DescribePool(request.identity_pool_id(), call.deadline,
                              [&response, done](const absl::StatusOr<PoolUsage>& usage) {
                                if (!usage.ok()) return done(usage.status());
                                ToProto(*usage, *response.mutable_usage());
                                done(absl::OkStatus());
                              });
  return absl::OkStatus();
}

absl::Status DatasetRpc::ListPools(const rpc::Call& call,
                                   const v1::ListIdentityPoolUsageRequest& request,
                                   v1::ListIdentityPoolUsageResponse& response) {
  errors::Violations violations;
  const int limit =
      errors::CheckPageSize("page_size", request.page_size(), kDefaultPools, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_ASSIGN_OR_RETURN(const std::string after,
                      OpenPageToken(backend_.keyring, kListPools, {}, request.page_token()));
  TM_RETURN_IF_ERROR(backend_.pools.Ready());
  std::vector<std::string> ids = backend_.pools.List(after, limit + 1);
  if (ids.size() > static_cast<std::size_t>(limit)) {
    ids.resize(limit);
    response.set_next_page_token(seal::Seal(backend_.keyring, kListPools, {}, {ids.back()}));
  }
  TM_ASSIGN_OR_RETURN(const std::vector<PoolUsage> usages,
                      backend_.admin.DescribePools(ids, call.deadline));
  for (const PoolUsage& usage : usages) ToProto(usage, *response.add_usages());
  return absl::OkStatus();
}

// gRPC's side: each method names its body.

template <typename Request, typename Response>
grpc::ServerUnaryReactor* DatasetRpc::Async(grpc::CallbackServerContext* context,
                                            std::string_view method, const Request* request,
                                            Response* response, AsyncBody<Request, Response> body) {
  return calls_.Unary(context, method, request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        const absl::Status begun = (this->*body)(call, *request, *response, done);
                        if (!begun.ok()) done(begun);
                      });
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* DatasetRpc::Blocking(grpc::CallbackServerContext* context,
                                               std::string_view method, const Request* request,
                                               Response* response,
                                               BlockingBody<Request, Response> body) {
  return calls_.Blocking(
      backend_.admin_thread, context, method, request, response,
      [=, this](const rpc::Call& call) { return (this->*body)(call, *request, *response); });
}

grpc::ServerUnaryReactor* DatasetRpc::ListDatasets(grpc::CallbackServerContext* context,
                                                   const v1::ListDatasetsRequest* request,
                                                   v1::ListDatasetsResponse* response) {
  return Async(context, "ListDatasets", request, response, &DatasetRpc::BeginListDatasets);
}

grpc::ServerUnaryReactor* DatasetRpc::DescribeDataset(grpc::CallbackServerContext* context,
                                                      const v1::DescribeDatasetRequest* request,
                                                      v1::DescribeDatasetResponse* response) {
  return Async(context, "DescribeDataset", request, response, &DatasetRpc::BeginDescribeDataset);
}

grpc::ServerUnaryReactor* DatasetRpc::DeleteDataset(grpc::CallbackServerContext* context,
                                                    const v1::DeleteDatasetRequest* request,
                                                    v1::DeleteDatasetResponse* response) {
  return Async(context, "DeleteDataset", request, response, &DatasetRpc::BeginDelete);
}

grpc::ServerUnaryReactor* DatasetRpc::ListRecords(grpc::CallbackServerContext* context,
                                                  const v1::ListRecordsRequest* request,
                                                  v1::ListRecordsResponse* response) {
  return Async(context, "ListRecords", request, response, &DatasetRpc::BeginListRecords);
}

grpc::ServerUnaryReactor* DatasetRpc::UpdateRecords(grpc::CallbackServerContext* context,
                                                    const v1::UpdateRecordsRequest* request,
                                                    v1::UpdateRecordsResponse* response) {
  return Async(context, "UpdateRecords", request, response, &DatasetRpc::BeginUpdateRecords);
}

grpc::ServerUnaryReactor* DatasetRpc::DescribeIdentityUsage(
    grpc::CallbackServerContext* context, const v1::DescribeIdentityUsageRequest* request,
    v1::DescribeIdentityUsageResponse* response) {
  return Async(context, "DescribeIdentityUsage", request, response,
               &DatasetRpc::BeginDescribeIdentity);
}

grpc::ServerUnaryReactor* DatasetRpc::DescribeIdentityPoolUsage(
    grpc::CallbackServerContext* context, const v1::DescribeIdentityPoolUsageRequest* request,
    v1::DescribeIdentityPoolUsageResponse* response) {
  return Async(context, "DescribeIdentityPoolUsage", request, response,
               &DatasetRpc::BeginDescribePool);
}

grpc::ServerUnaryReactor* DatasetRpc::ListIdentityPoolUsage(
    grpc::CallbackServerContext* context, const v1::ListIdentityPoolUsageRequest* request,
    v1::ListIdentityPoolUsageResponse* response) {
  return Blocking(context, "ListIdentityPoolUsage", request, response, &DatasetRpc::ListPools);
}

}  // namespace tidemark::dataset

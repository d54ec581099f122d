#include "services/dataset/rpc/admin_rpc.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/base/units.h"
#include "common/errors/error.h"
#include "common/obs/log.h"
#include "common/seal/seal.h"
#include "services/dataset/rpc/convert.h"
#include "services/dataset/rpc/record_pages.h"
#include "services/dataset/rpc/snapshot_messages.h"

namespace tidemark::dataset {
namespace {

constexpr std::string_view kListIdentities = "list-identities";
constexpr std::string_view kExportPool = "export-pool";
constexpr int kDefaultIdentities = 60;
constexpr std::size_t kMaxPrefix = 55;

// A page of an export: short enough to hold no snapshot for long, and bounded in memory.
constexpr std::int32_t kExportDatasets = 256;
constexpr std::int64_t kExportBytes = 4 * kMiB;
// A stream holds some messages (rpc::kStreamCapacity) for a client that is slow.
constexpr std::int64_t kExportMessageBytes = 512 * kKiB;
constexpr absl::Duration kExportPageTime = absl::Seconds(30);

std::string SealCursor(const config::Keyring& keyring, const std::string& pool_id,
                       const SnapshotCursor& cursor) {
  return seal::Seal(keyring, kExportPool, {pool_id},
                    {seal::Number(cursor.owner.value()), cursor.identity_id, cursor.name});
}

absl::StatusOr<SnapshotCursor> OpenCursor(const config::Keyring& keyring,
                                          const std::string& pool_id, const std::string& token) {
  if (token.empty()) return SnapshotCursor{};
  const auto fields = seal::Open(keyring, kExportPool, {pool_id}, token);
  if (!fields || fields->size() != 3) return InvalidPageToken();
  const auto owner = seal::ParseNumber((*fields)[0]);
  if (!owner) return InvalidPageToken();
  return SnapshotCursor{Owner(*owner), (*fields)[1], (*fields)[2]};
}

// Writes `dataset` in messages of about kExportMessageBytes; the last one has `resume_token`.
absl::Status WriteDataset(Snapshot dataset, std::string resume_token,
                          const rpc::StreamWriter<v1::ExportPoolResponse>& writer) {
  v1::ExportPoolResponse response;
  *response.mutable_snapshot() = SnapshotMessage(dataset.info);
  std::int64_t bytes = 0;
  for (Record& record : dataset.records) {
    const std::int64_t size = BytesInPage(record);
    if (bytes > 0 && bytes + size > kExportMessageBytes) {
      response.set_continues(true);
      TM_RETURN_IF_ERROR(writer.Write(std::exchange(response, {})));
      *response.mutable_snapshot() = SnapshotMessage(dataset.info);
      bytes = 0;
    }
    bytes += size;
    AddRecord(std::move(record), *response.mutable_snapshot());
  }
  response.set_resume_token(std::move(resume_token));
  return writer.Write(std::move(response));
}

}  // namespace

DatasetAdminRpc::DatasetAdminRpc(const Backend& backend, SnapshotStore& export_store,
                                 Executor& export_thread, const rpc::Calls::Options& options,
                                 prometheus::Registry& registry)
    : backend_(backend),
      export_store_(export_store),
      export_thread_(export_thread),
      calls_(v1::DatasetAdminService::service_full_name(), options, registry) {}

absl::Status DatasetAdminRpc::BeginListIdentities(const rpc::Call& call,
                                                  const v1::ListIdentitiesRequest& request,
                                                  v1::ListIdentitiesResponse& response,
                                                  const rpc::Done& done) {
  errors::Violations violations;
  const std::string& pool_id = request.identity_pool_id();
  const std::string& prefix = request.identity_id_prefix();
  errors::CheckId("identity_pool_id", pool_id, violations);
  if (prefix.size() > kMaxPrefix || prefix.find('\0') != std::string::npos) {
    violations.Add("identity_id_prefix",
                   absl::StrCat("'", errors::Excerpt(prefix), "' is not 0 to ", kMaxPrefix,
                                " characters without U+0000"));
  }
  const int limit =
      errors::CheckPageSize("page_size", request.page_size(), kDefaultIdentities, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_RETURN_IF_ERROR(RequirePool(backend_.pools, pool_id).status());

  const seal::Fields inputs = {pool_id, prefix};
  std::string after;
  if (!request.page_token().empty()) {
    const auto fields = seal::Open(backend_.keyring, kListIdentities, inputs, request.page_token());
    if (!fields || fields->size() != 1) return InvalidPageToken();
    after = fields->front();
  }
  backend_.reads.ListIdentities(
      pool_id, prefix, after, limit, call.deadline,
      [this, &response, inputs, done](const absl::StatusOr<IdentityPage>& page) {
        if (!page.ok()) return done(page.status());
        for (const IdentityUsage& usage : page->identities) {
          ToProto(usage, *response.add_identities());
        }
        if (page->more) {
          response.set_next_page_token(seal::Seal(backend_.keyring, kListIdentities, inputs,
                                                  {page->identities.back().identity.identity_id}));
        }
        done(absl::OkStatus());
      });
  return absl::OkStatus();
}

absl::Status DatasetAdminRpc::Merge(const rpc::Call& call,
                                    const v1::MergeIdentitiesRequest& request,
                                    v1::MergeIdentitiesResponse& response) {
  errors::Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  errors::CheckId("winning_identity_id", request.winning_identity_id(), violations);
  errors::CheckId("losing_identity_id", request.losing_identity_id(), violations);
  errors::CheckRequestId("request_id", request.request_id(), violations);
  if (request.winning_identity_id() == request.losing_identity_id()) {
    violations.Add("losing_identity_id",
                   absl::StrCat("'", errors::Excerpt(request.losing_identity_id()),
                                "' is winning_identity_id too; name two identities"));
  }
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_ASSIGN_OR_RETURN(const PoolFacts pool,
                      RequirePool(backend_.pools, request.identity_pool_id()));
  TM_ASSIGN_OR_RETURN(
      const std::vector<DatasetInfo> copies,
      backend_.admin.Merge(
          {.winner = IdentityKey::Of(request.identity_pool_id(), request.winning_identity_id()),
           .loser = IdentityKey::Of(request.identity_pool_id(), request.losing_identity_id()),
           .pool_number = pool.number,
           .limits = pool.limits,
           .origin = OriginOf(call, backend_.account_id)},
          call.deadline));
  for (const DatasetInfo& copy : copies) ToProto(copy, *response.add_merged_datasets());
  return absl::OkStatus();
}

absl::Status DatasetAdminRpc::Erase(const rpc::Call& call, const v1::EraseIdentityRequest& request,
                                    v1::EraseIdentityResponse& response) {
  errors::Violations violations;
  const IdentityKey identity = ParseIdentity(request, violations);
  errors::CheckRequestId("request_id", request.request_id(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_ASSIGN_OR_RETURN(const PoolFacts pool, RequirePool(backend_.pools, identity.pool_id));
  TM_ASSIGN_OR_RETURN(const Erased erased,
                      backend_.admin.Erase({.identity = identity,
                                            .pool_number = pool.number,
                                            .origin = OriginOf(call, backend_.account_id)},
                                           call.deadline));
  // The proof outlives an answer that is lost. Not under the identity's id, which is to be
  // forgotten.
  obs::Log(obs::Level::kInfo, "an identity was erased",
           {{"request_id", call.request_id},
            {"datasets", erased.datasets},
            {"records", erased.records},
            {"bytes", erased.bytes},
            {"change_log_rows", erased.change_log_rows}});
  response.set_dataset_count(erased.datasets);
  response.set_record_count(erased.records);
  response.set_data_bytes(erased.bytes);
  response.set_change_log_rows(erased.change_log_rows);
  *response.mutable_erase_time() = ToProto(erased.time);
  return absl::OkStatus();
}

absl::Status DatasetAdminRpc::Purge(const rpc::Call& call, const v1::PurgePoolRequest& request,
                                    v1::PurgePoolResponse& response) {
  errors::Violations violations;
  errors::CheckId("identity_pool_id", request.identity_pool_id(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  // The pool may be gone from the list by now: this is how its data goes too.
  TM_ASSIGN_OR_RETURN(
      const std::int64_t identities,
      backend_.admin.PurgePool(request.identity_pool_id(), request.force(), call.deadline));
  response.set_identity_count(identities);
  return absl::OkStatus();
}

absl::Status DatasetAdminRpc::Export(const rpc::Call& call, const v1::ExportPoolRequest& request,
                                     const rpc::StreamWriter<v1::ExportPoolResponse>& writer) {
  const std::string& pool_id = request.identity_pool_id();
  errors::Violations violations;
  errors::CheckId("identity_pool_id", pool_id, violations);
  const std::vector<LogShard> shards = ParseLogShards(request.log_shards(), violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
  TM_RETURN_IF_ERROR(RequirePool(backend_.pools, pool_id).status());
  std::optional<SnapshotCursor> cursor;
  TM_ASSIGN_OR_RETURN(cursor, OpenCursor(backend_.keyring, pool_id, request.resume_token()));
  while (cursor) {
    const absl::Time deadline = std::min(call.deadline, absl::Now() + kExportPageTime);
    TM_ASSIGN_OR_RETURN(
        SnapshotPage page,
        export_store_.Read(pool_id, shards, *cursor,
                           {.datasets = kExportDatasets, .bytes = kExportBytes}, deadline));
    for (Snapshot& dataset : page.snapshots) {
      const SnapshotCursor at = CursorAt(dataset.info.key);
      TM_RETURN_IF_ERROR(
          WriteDataset(std::move(dataset), SealCursor(backend_.keyring, pool_id, at), writer));
    }
    cursor = std::move(page.next);
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* DatasetAdminRpc::ListIdentities(grpc::CallbackServerContext* context,
                                                          const v1::ListIdentitiesRequest* request,
                                                          v1::ListIdentitiesResponse* response) {
  return calls_.Unary(context, "ListIdentities", request, response,
                      [=, this](const rpc::Call& call, const rpc::Done& done) {
                        const absl::Status begun =
                            BeginListIdentities(call, *request, *response, done);
                        if (!begun.ok()) done(begun);
                      });
}

grpc::ServerUnaryReactor* DatasetAdminRpc::MergeIdentities(
    grpc::CallbackServerContext* context, const v1::MergeIdentitiesRequest* request,
    v1::MergeIdentitiesResponse* response) {
  return calls_.Blocking(
      backend_.admin_thread, context, "MergeIdentities", request, response,
      [=, this](const rpc::Call& call) { return Merge(call, *request, *response); });
}

grpc::ServerUnaryReactor* DatasetAdminRpc::EraseIdentity(grpc::CallbackServerContext* context,
                                                         const v1::EraseIdentityRequest* request,
                                                         v1::EraseIdentityResponse* response) {
  return calls_.Blocking(
      backend_.admin_thread, context, "EraseIdentity", request, response,
      [=, this](const rpc::Call& call) { return Erase(call, *request, *response); });
}

grpc::ServerUnaryReactor* DatasetAdminRpc::PurgePool(grpc::CallbackServerContext* context,
                                                     const v1::PurgePoolRequest* request,
                                                     v1::PurgePoolResponse* response) {
  return calls_.Blocking(
      backend_.admin_thread, context, "PurgePool", request, response,
      [=, this](const rpc::Call& call) { return Purge(call, *request, *response); });
}

grpc::ServerWriteReactor<v1::ExportPoolResponse>* DatasetAdminRpc::ExportPool(
    grpc::CallbackServerContext* context, const v1::ExportPoolRequest* request) {
  return calls_.BlockingStream<v1::ExportPoolResponse>(
      export_thread_, context, "ExportPool", request,
      [=, this](const rpc::Call& call, const rpc::StreamWriter<v1::ExportPoolResponse>& writer) {
        return Export(call, *request, writer);
      });
}

}  // namespace tidemark::dataset

#include "services/stream_config/rpc/stream_config_rpc.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/base/units.h"
#include "common/errors/error.h"
#include "common/errors/violations.h"
#include "common/obs/log.h"
#include "common/seal/seal.h"
#include "services/stream_config/domain/change.h"
#include "services/stream_config/domain/creation.h"
#include "services/stream_config/domain/pool_errors.h"
#include "services/stream_config/rpc/convert.h"
#include "services/stream_config/rpc/pool_watcher.h"
#include "services/stream_config/store/update.h"

namespace tidemark::stream_config {
namespace {

constexpr int kDefaultPageSize = 60;
// Of a page of pools, which may hold 30 KB each: it ends early so that clients can take it.
constexpr std::size_t kMaxPageBytes = 2 * kMiB;
constexpr std::string_view kPageTokens = "list-pools";
constexpr absl::Duration kPurgeTimeout = absl::Seconds(3);

absl::StatusOr<std::string> OpenPageToken(const config::Keyring& keyring,
                                          const std::string& token) {
  if (token.empty()) return std::string();
  std::optional<seal::Fields> fields = seal::Open(keyring, kPageTokens, {}, token);
  if (fields && fields->size() == 1) return std::move(fields->front());
  return errors::Error(absl::StatusCode::kInvalidArgument,
                       errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID,
                       "page_token was not given by ListPools, or was altered; start the list from "
                       "its first page");
}

// Whether a change may start a stream.
bool TouchesStream(const v1::UpdatePoolRequest& request) {
  const auto& paths = request.update_mask().paths();
  return std::any_of(paths.begin(), paths.end(),
                     [](const std::string& path) { return path.starts_with("stream"); });
}

}  // namespace

StreamConfigRpc::StreamConfigRpc(const Backend& backend, const rpc::Calls::Options& options,
                                 prometheus::Registry& registry)
    : backend_(backend),
      writer_(backend.store, backend.feed, registry),
      bulk_(backend.store, writer_, backend.clock),
      checked_(backend.publishers, backend.push_services, registry),
      calls_(v1::StreamConfigService::service_full_name(), options, registry) {}

StreamConfigRpc::NewIds StreamConfigRpc::MakeIds() {
  std::array<std::uint8_t, 16> pool;
  std::array<std::uint8_t, 16> external;
  backend_.random.Fill(pool);
  backend_.random.Fill(external);
  return {MakePoolId(backend_.region, pool), MakeExternalId(external)};
}

// First whether the stream can be written at all, and pushes be sent; then the position, which is
// read before the settings are stored: what is committed after the answer lies above it, and a
// little that was committed before is delivered too.
absl::StatusOr<std::optional<Pool>> StreamConfigRpc::Change(const rpc::Call& call, const Pool& pool,
                                                            const SettingsChange& change,
                                                            std::string_view parent,
                                                            Checks& checks) {
  TM_ASSIGN_OR_RETURN(const PlannedChange plan, PlanChange(pool, change, parent));
  if (IsNoChange(pool, plan)) return std::nullopt;
  if (plan.checks_stream) {
    const StreamSettings& stream = *plan.settings.stream;
    TM_RETURN_IF_ERROR(
        checks.Require(StreamToCheck{stream.stream_name, stream.role_arn, pool.role_external_id}));
  }
  if (plan.checks_push) {
    const PushSettings& push = plan.settings.push;
    TM_RETURN_IF_ERROR(
        checks.Require(PushToCheck{push.application_arns, push.role_arn, pool.role_external_id}));
  }
  Position end;
  if (plan.starts_stream) {
    TM_ASSIGN_OR_RETURN(end, backend_.datasets.EndPosition(call));
  }
  return Apply(pool, plan, end, backend_.clock.Now());
}

absl::Status StreamConfigRpc::Create(const rpc::Call& call, const NewIds& ids,
                                     const v1::CreatePoolRequest& request,
                                     v1::CreatePoolResponse& response, Checks& checks) {
  TM_ASSIGN_OR_RETURN(ParsedCreate parsed, ParseCreate(request, backend_.region));
  Pool empty{.id = parsed.pool_id.empty() ? ids.pool_id : parsed.pool_id,
             .role_external_id = ids.external_id};
  empty.create_time = empty.update_time = TruncateToMillis(backend_.clock.Now());
  Creation creation{.pool = empty,
                    .request_id = std::move(parsed.request_id),
                    .content_hash = std::move(parsed.content_hash)};
  if (request.has_stream() || request.has_push()) {
    // The pool of an earlier attempt has its own external id: there is nothing to check.
    creation.pool.settings = Merge(empty.settings, parsed.settings);
    TM_ASSIGN_OR_RETURN(const std::optional<Pool> made,
                        backend_.store.FindRepeat(creation, call.deadline));
    if (made) {
      ToProto(*made, *response.mutable_pool());
      return absl::OkStatus();
    }
  }
  TM_ASSIGN_OR_RETURN(const std::optional<Pool> pool,
                      Change(call, empty, parsed.settings, "", checks));
  creation.pool = pool.value_or(empty);
  TM_ASSIGN_OR_RETURN(const Pool made, backend_.store.Create(creation, call.deadline));
  backend_.feed.Refresh();
  ToProto(made, *response.mutable_pool());
  return absl::OkStatus();
}

absl::Status StreamConfigRpc::Get(const rpc::Call& call, const v1::GetPoolRequest& request,
                                  v1::GetPoolResponse& response) {
  TM_ASSIGN_OR_RETURN(const std::string pool_id, ParsePoolId(request.identity_pool_id()));
  TM_ASSIGN_OR_RETURN(const Pool pool, backend_.store.Get(pool_id, call.deadline));
  ToProto(pool, *response.mutable_pool());
  return absl::OkStatus();
}

absl::Status StreamConfigRpc::List(const rpc::Call& call, const v1::ListPoolsRequest& request,
                                   v1::ListPoolsResponse& response) {
  errors::Violations violations;
  const int page_size =
      errors::CheckPageSize("page_size", request.page_size(), kDefaultPageSize, violations);
  TM_RETURN_IF_ERROR(violations.ToStatus());
  TM_ASSIGN_OR_RETURN(const std::string after,
                      OpenPageToken(backend_.keyring, request.page_token()));
  TM_ASSIGN_OR_RETURN(const std::vector<Pool> pools,
                      backend_.store.List(after, page_size + 1, call.deadline));
  std::size_t bytes = 0;
  for (const Pool& pool : pools) {
    if (response.pools_size() == page_size || bytes > kMaxPageBytes) {
      const std::string& last = response.pools(response.pools_size() - 1).identity_pool_id();
      response.set_next_page_token(seal::Seal(backend_.keyring, kPageTokens, {}, {last}));
      break;
    }
    ToProto(pool, *response.add_pools());
    bytes += response.pools(response.pools_size() - 1).ByteSizeLong();
  }
  return absl::OkStatus();
}

absl::Status StreamConfigRpc::Update(const rpc::Call& call, const v1::UpdatePoolRequest& request,
                                     v1::UpdatePoolResponse& response, Checks& checks) {
  TM_ASSIGN_OR_RETURN(const ParsedUpdate parsed, ParseUpdate(request, backend_.region));
  const Edit edit = [&](const Pool& pool) {
    return Change(call, pool, parsed.change, "pool", checks);
  };
  TM_ASSIGN_OR_RETURN(const Pool pool,
                      writer_.Update(parsed.pool_id, parsed.expected, edit, call.deadline));
  ToProto(pool, *response.mutable_pool());
  return absl::OkStatus();
}

// The pool first, by the version that was asked for: whoever is refused loses nothing. Its data is
// let go of at once, or, if that fails, by the Purger, which also takes what devices write until
// the dataset service has learnt of the deletion.
absl::Status StreamConfigRpc::Delete(const rpc::Call& call, const v1::DeletePoolRequest& request,
                                     v1::DeletePoolResponse&) {
  TM_ASSIGN_OR_RETURN(const ParsedDelete parsed, ParseDelete(request));
  if (!parsed.force) TM_RETURN_IF_ERROR(backend_.datasets.CheckEmpty(call, parsed.pool_id));
  TM_RETURN_IF_ERROR(
      backend_.store.Delete(parsed.pool_id, parsed.expected, backend_.clock.Now(), call.deadline));
  backend_.feed.Refresh();
  const absl::Status purged = backend_.datasets.Purge(parsed.pool_id, absl::Now() + kPurgeTimeout);
  if (!purged.ok()) {
    obs::Log(obs::Level::kWarning, "A deleted pool's data can't be purged yet; it will be.",
             {{"request_id", call.request_id}, {"error", ToStd(purged.message())}});
  }
  return absl::OkStatus();
}

absl::Status StreamConfigRpc::Disable(const rpc::Call& call,
                                      const v1::DisableStreamRequest& request,
                                      v1::DisableStreamResponse& response) {
  TM_ASSIGN_OR_RETURN(const ParsedDisable parsed, ParseDisable(request));
  const Edit edit = [&](const Pool& pool) {
    return stream_config::DisableStream(pool, parsed.what, parsed.reason, backend_.clock.Now());
  };
  TM_ASSIGN_OR_RETURN(const Pool pool,
                      writer_.Update(parsed.pool_id, std::nullopt, edit, call.deadline));
  ToProto(pool, *response.mutable_pool());
  return absl::OkStatus();
}

template <typename Bodies, typename Request, typename Response>
grpc::ServerUnaryReactor* StreamConfigRpc::Run(
    Executor& executor, grpc::CallbackServerContext* context, std::string_view method,
    const Request* request, Response* response, Bodies& bodies,
    absl::Status (Bodies::*body)(const rpc::Call&, const Request&, Response&)) {
  return calls_.Blocking(executor, context, method, request, response,
                         [=, &bodies](const rpc::Call& call) -> absl::Status {
                           TM_RETURN_IF_ERROR(rpc::RequireDeveloper(call));
                           return (bodies.*body)(call, *request, *response);
                         });
}

grpc::ServerUnaryReactor* StreamConfigRpc::RunChecked(
    Executor& executor, grpc::CallbackServerContext* context, std::string_view method,
    const google::protobuf::Message* request, const google::protobuf::Message* response,
    std::function<absl::Status(const rpc::Call&, Checks&)> body) {
  return calls_.Unary(
      context, method, request, response, [&](const rpc::Call& call, rpc::Done done) {
        const absl::Status refused = rpc::RequireDeveloper(call);
        if (!refused.ok()) return done(refused);
        checked_.Run(
            executor, call, std::move(done),
            [&call, body = std::move(body)](Checks& checks) { return body(call, checks); });
      });
}

grpc::ServerUnaryReactor* StreamConfigRpc::CreatePool(grpc::CallbackServerContext* context,
                                                      const v1::CreatePoolRequest* request,
                                                      v1::CreatePoolResponse* response) {
  const auto body = [=, this, ids = MakeIds()](const rpc::Call& call, Checks& checks) {
    return Create(call, ids, *request, *response, checks);
  };
  return RunChecked(request->has_stream() ? backend_.dataset_executor : backend_.executor, context,
                    "CreatePool", request, response, body);
}

grpc::ServerUnaryReactor* StreamConfigRpc::GetPool(grpc::CallbackServerContext* context,
                                                   const v1::GetPoolRequest* request,
                                                   v1::GetPoolResponse* response) {
  return Run(backend_.executor, context, "GetPool", request, response, *this,
             &StreamConfigRpc::Get);
}

grpc::ServerUnaryReactor* StreamConfigRpc::ListPools(grpc::CallbackServerContext* context,
                                                     const v1::ListPoolsRequest* request,
                                                     v1::ListPoolsResponse* response) {
  return Run(backend_.executor, context, "ListPools", request, response, *this,
             &StreamConfigRpc::List);
}

grpc::ServerUnaryReactor* StreamConfigRpc::UpdatePool(grpc::CallbackServerContext* context,
                                                      const v1::UpdatePoolRequest* request,
                                                      v1::UpdatePoolResponse* response) {
  const auto body = [=, this](const rpc::Call& call, Checks& checks) {
    return Update(call, *request, *response, checks);
  };
  return RunChecked(TouchesStream(*request) ? backend_.dataset_executor : backend_.executor,
                    context, "UpdatePool", request, response, body);
}

grpc::ServerUnaryReactor* StreamConfigRpc::DeletePool(grpc::CallbackServerContext* context,
                                                      const v1::DeletePoolRequest* request,
                                                      v1::DeletePoolResponse* response) {
  return Run(backend_.dataset_executor, context, "DeletePool", request, response, *this,
             &StreamConfigRpc::Delete);
}

grpc::ServerUnaryReactor* StreamConfigRpc::DisableStream(grpc::CallbackServerContext* context,
                                                         const v1::DisableStreamRequest* request,
                                                         v1::DisableStreamResponse* response) {
  return Run(backend_.executor, context, "DisableStream", request, response, *this,
             &StreamConfigRpc::Disable);
}

grpc::ServerUnaryReactor* StreamConfigRpc::StartBulkPublish(
    grpc::CallbackServerContext* context, const v1::StartBulkPublishRequest* request,
    v1::StartBulkPublishResponse* response) {
  return Run(backend_.executor, context, "StartBulkPublish", request, response, bulk_,
             &BulkPublishRpc::Start);
}

grpc::ServerUnaryReactor* StreamConfigRpc::GetBulkPublish(grpc::CallbackServerContext* context,
                                                          const v1::GetBulkPublishRequest* request,
                                                          v1::GetBulkPublishResponse* response) {
  return Run(backend_.executor, context, "GetBulkPublish", request, response, bulk_,
             &BulkPublishRpc::Get);
}

grpc::ServerUnaryReactor* StreamConfigRpc::ReportBulkPublish(
    grpc::CallbackServerContext* context, const v1::ReportBulkPublishRequest* request,
    v1::ReportBulkPublishResponse* response) {
  return Run(backend_.executor, context, "ReportBulkPublish", request, response, bulk_,
             &BulkPublishRpc::Report);
}

grpc::ServerWriteReactor<v1::WatchPoolsResponse>* StreamConfigRpc::WatchPools(
    grpc::CallbackServerContext* context, const v1::WatchPoolsRequest* request) {
  return calls_.Stream<v1::WatchPoolsResponse>(
      context, "WatchPools", request,
      [this](const rpc::Call& call, rpc::StreamWriter<v1::WatchPoolsResponse> writer) {
        if (absl::Status refused = rpc::RequireDeveloper(call); !refused.ok()) {
          writer.Finish(std::move(refused));
          return;
        }
        backend_.feed.Watch(std::make_unique<PoolWatcher>(std::move(writer)));
      });
}

}  // namespace tidemark::stream_config

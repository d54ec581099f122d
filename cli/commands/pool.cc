#include <limits>
#include <memory>

#include "cli/commands/pages.h"
#include "cli/commands/pool_settings.h"
#include "cli/commands/pool_text.h"
#include "cli/commands/session.h"
#include "cli/output/error.h"

namespace tidemark::cli {
namespace {

namespace v1 = stream_config::v1;
using Stub = v1::StreamConfigService::StubInterface;

constexpr std::int64_t kNoBound = std::numeric_limits<std::int64_t>::max();

void Show(const Session& session, const v1::Pool& pool) {
  if (session.json()) return PrintJson(ToJson(pool), session.out());
  PrintPool(pool, session.out());
}

absl::StatusOr<v1::Pool> Get(Session& session, const std::string& pool) {
  v1::GetPoolRequest request;
  request.set_identity_pool_id(pool);
  TM_ASSIGN_OR_RETURN(v1::GetPoolResponse response,
                      session.clients.pools.Call(&Stub::GetPool, request));
  return std::move(*response.mutable_pool());
}

void AddList(Commands& commands, CLI::App& noun) {
  commands.Verb(noun, "list", "Lists all pools, by id.", [](Session& session) -> absl::Status {
    TM_ASSIGN_OR_RETURN(
        const v1::ListPoolsResponse pools,
        ReadPages(session, session.clients.pools, &Stub::ListPools, v1::ListPoolsRequest(),
                  [](auto& response) { return response.mutable_pools(); }));
    if (session.json()) {
      PrintJson(ListJson(pools), session.out());
    } else {
      PrintPools(pools, session.out());
    }
    return absl::OkStatus();
  });
}

void AddGet(Commands& commands, CLI::App& noun) {
  const auto id = std::make_shared<std::string>();
  AddPool(commands.Verb(noun, "get", "Shows a pool with all its settings.",
                        [id](Session& session) -> absl::Status {
                          TM_ASSIGN_OR_RETURN(const v1::Pool pool, Get(session, *id));
                          Show(session, pool);
                          return absl::OkStatus();
                        }),
          *id);
}

// One message of the watch on a line, written out at once: readers are to know now.
absl::Status Watch(Session& session) {
  return session.clients.pools.Read(
      &Stub::WatchPools, v1::WatchPoolsRequest(),
      [&session](const v1::WatchPoolsResponse& response) -> absl::Status {
        PrintJsonLine(ToJson(response), session.out());
        session.out().flush();
        return session.out() ? absl::OkStatus() : CantWrite();
      });
}

struct CreateOptions {
  std::string pool;
  std::string request_id;
  PoolSettings settings;
};

absl::Status Create(Session& session, const CreateOptions& options) {
  const PoolSettings& settings = options.settings;
  v1::CreatePoolRequest request;
  request.set_identity_pool_id(options.pool);
  request.set_request_id(options.request_id);
  if (settings.display_name) request.set_display_name(*settings.display_name);
  if (settings.HasStream()) Apply(settings, *request.mutable_stream());
  if (settings.HasPush()) Apply(settings, *request.mutable_push());
  if (settings.sync_trigger) Apply(settings, *request.mutable_events());
  if (settings.HasLimits()) Apply(settings, *request.mutable_limits());
  TM_ASSIGN_OR_RETURN(const v1::CreatePoolResponse response,
                      session.clients.pools.Call(&Stub::CreatePool, request));
  Show(session, response.pool());
  return absl::OkStatus();
}

void AddCreate(Commands& commands, CLI::App& noun) {
  const auto options = std::make_shared<CreateOptions>();
  CLI::App& verb = commands.Verb(noun, "create", "Creates a pool, and shows it.",
                                 [options](Session& session) { return Create(session, *options); });
  verb.add_option("POOL", options->pool,
                  "Its id, <region>:<UUID in lower case>. Default: the service makes one.")
      ->type_name("");
  AddSettings(verb, options->settings);
  verb.add_option("--request-id", options->request_id,
                  "Names this creation, at most 128 bytes: repeated with it, it makes no second "
                  "pool. Default: none.")
      ->type_name("TEXT");
}

struct UpdateOptions {
  std::string pool;
  std::int64_t expected_version = 0;
  bool resume = false;
  PoolSettings settings;
};

// Push and limits are changed as a whole: of what is not given, what stands there is sent again,
// and the version that it was read at, so that nobody's change in between is undone.
absl::Status KeepTheRest(Session& session, const PoolSettings& settings,
                         v1::UpdatePoolRequest& request) {
  TM_ASSIGN_OR_RETURN(v1::Pool now, Get(session, request.pool().identity_pool_id()));
  if (request.expected_version() == 0) request.set_expected_version(now.version());
  if (settings.HasPush()) *request.mutable_pool()->mutable_push() = std::move(*now.mutable_push());
  if (settings.HasLimits()) {
    *request.mutable_pool()->mutable_limits() = std::move(*now.mutable_limits());
  }
  return absl::OkStatus();
}

void FillMask(const PoolSettings& settings, google::protobuf::FieldMask& mask) {
  if (settings.display_name) mask.add_paths("display_name");
  if (settings.no_stream) mask.add_paths("stream");
  if (settings.stream_name) mask.add_paths("stream.stream_name");
  if (settings.stream_role_arn) mask.add_paths("stream.role_arn");
  if (settings.stream_status) mask.add_paths("stream.status");
  if (settings.HasPush() || settings.no_push) mask.add_paths("push");
  if (settings.sync_trigger) mask.add_paths("events");
  if (settings.HasLimits()) mask.add_paths("limits");
}

absl::Status Update(Session& session, const UpdateOptions& options) {
  const PoolSettings& settings = options.settings;
  v1::UpdatePoolRequest request;
  v1::Pool& pool = *request.mutable_pool();
  pool.set_identity_pool_id(options.pool);
  request.set_expected_version(options.expected_version);
  request.set_resume_stream(options.resume);
  FillMask(settings, *request.mutable_update_mask());
  if ((settings.no_stream && settings.HasStream()) || (settings.no_push && settings.HasPush())) {
    return UsageError("--no-stream and --no-push go without other settings of their kind");
  }
  if (request.update_mask().paths().empty()) {
    return UsageError("nothing to change: give at least one setting; see --help");
  }
  if (settings.HasPush() || settings.HasLimits()) {
    TM_RETURN_IF_ERROR(KeepTheRest(session, settings, request));
  }
  if (settings.display_name) pool.set_display_name(*settings.display_name);
  if (settings.HasStream()) Apply(settings, *pool.mutable_stream());
  if (settings.HasPush()) Apply(settings, *pool.mutable_push());
  if (settings.sync_trigger) Apply(settings, *pool.mutable_events());
  if (settings.HasLimits()) Apply(settings, *pool.mutable_limits());
  TM_ASSIGN_OR_RETURN(const v1::UpdatePoolResponse response,
                      session.clients.pools.Call(&Stub::UpdatePool, request));
  Show(session, response.pool());
  return absl::OkStatus();
}

void AddUpdate(Commands& commands, CLI::App& noun) {
  const auto options = std::make_shared<UpdateOptions>();
  CLI::App& verb =
      commands.Verb(noun, "update", "Changes the settings that are given, and shows the pool.",
                    [options](Session& session) { return Update(session, *options); });
  AddPool(verb, options->pool);
  AddSettings(verb, options->settings);
  AddClearing(verb, options->settings);
  verb.add_flag(
      "--resume", options->resume,
      "With --stream-status enabled: deliver from where the stream stopped, not from now. If "
      "Tidemark turned it off, all that waits within the change log's bounds; else what the log "
      "has "
      "left.");
  AddNumber(verb, "--expected-version", options->expected_version, 0, kNoBound,
            "The version that you saw: refused if the pool has another. Default: 0, any.");
}

struct DeleteOptions {
  std::string pool;
  bool force = false;
  std::int64_t expected_version = 0;
};

absl::Status Delete(Session& session, const DeleteOptions& options) {
  v1::DeletePoolRequest request;
  request.set_identity_pool_id(options.pool);
  request.set_force(options.force);
  request.set_expected_version(options.expected_version);
  TM_ASSIGN_OR_RETURN(const v1::DeletePoolResponse response,
                      session.clients.pools.Call(&Stub::DeletePool, request));
  if (session.json()) PrintJson(ToJson(response), session.out());
  return absl::OkStatus();
}

void AddDelete(Commands& commands, CLI::App& noun) {
  const auto options = std::make_shared<DeleteOptions>();
  CLI::App& verb = commands.Verb(noun, "delete", "Deletes a pool; its id is never given again.",
                                 [options](Session& session) { return Delete(session, *options); });
  AddPool(verb, options->pool);
  verb.add_flag("--force", options->force,
                "Also if identities hold data, which is then erased for good.");
  AddNumber(verb, "--expected-version", options->expected_version, 0, kNoBound,
            "The version that you saw: refused if the pool has another. Default: 0, any.");
}

}  // namespace

void AddPoolCommands(Commands& commands) {
  CLI::App& noun = commands.Noun("pool", "Identity pools and their settings.");
  AddList(commands, noun);
  AddGet(commands, noun);
  AddCreate(commands, noun);
  AddUpdate(commands, noun);
  AddDelete(commands, noun);
  commands.Verb(
      noun, "watch",
      "Writes all pools, then every change, as JSON Lines, whatever --output says, until it "
      "is stopped or the service stops.",
      Watch);
}

}  // namespace tidemark::cli

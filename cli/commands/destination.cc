#include <memory>

#include "absl/strings/str_cat.h"
#include "cli/commands/session.h"
#include "cli/output/format.h"
#include "cli/output/message_json.h"
#include "cli/output/table.h"
#include "common/errors/error.h"

namespace tidemark::cli {
namespace {

namespace v1 = publisher::v1;
using Stub = v1::PublisherService::StubInterface;

absl::StatusOr<v1::GetStatusResponse> GetStatus(Session& session, const std::string& pool) {
  v1::GetStatusRequest request;
  request.set_identity_pool_id(pool);
  return session.clients.publisher.Call(&Stub::GetStatus, request);
}

// How old the oldest waiting change is; absent if none waits.
std::optional<absl::Duration> LagOf(const v1::DestinationStatus& destination, absl::Time now) {
  const auto oldest =
      TimeOf(destination.has_oldest_waiting_time(), destination.oldest_waiting_time());
  if (!oldest) return std::nullopt;
  return std::max(now - *oldest, absl::ZeroDuration());
}

std::string HumanLag(const v1::DestinationStatus& destination, absl::Time now) {
  const auto lag = LagOf(destination, now);
  return lag ? HumanDuration(*lag) : std::string(kAbsent);
}

Json DocumentOf(const v1::DestinationStatus& destination, absl::Time now) {
  Json json = ToJson(destination);
  const auto lag = LagOf(destination, now);
  json["lag_seconds"] = lag ? Json(absl::ToDoubleSeconds(*lag)) : Json(nullptr);
  return json;
}

// Why it is as it is, in a line.
std::string NoteOf(const v1::DestinationStatus& destination) {
  if (!destination.off_reason().empty()) return Printable(destination.off_reason());
  if (!destination.pause_reason().empty()) return Printable(destination.pause_reason());
  if (destination.gapped_through() > 0) {
    return absl::StrCat("changes through position ", destination.gapped_through(),
                        " may be lost: see tidemark bulk start");
  }
  return OrAbsent(destination.last_error());
}

void PrintTable(const v1::GetStatusResponse& status, absl::Time now, std::ostream& out) {
  Table table({{"POOL"},
               {"STREAM"},
               {"EPOCH", true},
               {"STATE"},
               {"SPLIT OFF"},
               {"WAITING", true},
               {"LAG", true},
               {"DELIVERED", true},
               {"PARKED", true},
               {"NOTE"}});
  for (const v1::DestinationStatus& destination : status.destinations()) {
    table.Add({Printable(destination.identity_pool_id()), OrAbsent(destination.stream_name()),
               absl::StrCat(destination.epoch()), HumanEnum(destination.state()),
               destination.split_off() ? "yes" : "no", absl::StrCat(destination.waiting_changes()),
               HumanLag(destination, now), absl::StrCat(destination.delivered_changes()),
               absl::StrCat(destination.parked_changes()), NoteOf(destination)});
  }
  table.Print(out);
}

void PrintOne(const v1::DestinationStatus& destination, absl::Time now, std::ostream& out) {
  Fields fields;
  fields.Add("pool", Printable(destination.identity_pool_id()));
  fields.Add("stream", OrAbsent(destination.stream_name()));
  fields.Add("epoch", absl::StrCat(destination.epoch()));
  fields.Add("state", HumanEnum(destination.state()));
  if (!destination.off_reason().empty()) {
    fields.Add("off because", Printable(destination.off_reason()));
  }
  if (!destination.pause_reason().empty()) {
    fields.Add("paused because", Printable(destination.pause_reason()));
  }
  if (destination.gapped_through() > 0) {
    fields.Add("gapped through", absl::StrCat("position ", destination.gapped_through()));
  }
  fields.Add("split off", destination.split_off() ? "yes" : "no");
  fields.Add("waiting changes", absl::StrCat(destination.waiting_changes()));
  fields.Add("lag", HumanLag(destination, now));
  fields.Add("delivered changes", absl::StrCat(destination.delivered_changes()));
  fields.Add("parked changes", absl::StrCat(destination.parked_changes()));
  fields.Add("last error", OrAbsent(destination.last_error()));
  fields.Print(out);
}

absl::Status List(Session& session, const std::string& pool) {
  TM_ASSIGN_OR_RETURN(const v1::GetStatusResponse status, GetStatus(session, pool));
  const absl::Time now = session.world.clock.Now();
  if (!session.json()) {
    PrintTable(status, now, session.out());
    return absl::OkStatus();
  }
  Json list = Json::array();
  for (const auto& destination : status.destinations()) {
    list.push_back(DocumentOf(destination, now));
  }
  PrintJson(Json{{"destinations", std::move(list)}}, session.out());
  return absl::OkStatus();
}

absl::Status Get(Session& session, const std::string& pool) {
  TM_ASSIGN_OR_RETURN(const v1::GetStatusResponse status, GetStatus(session, pool));
  if (status.destinations().empty()) {
    return errors::ResourceError(
        absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_STREAM_NOT_CONFIGURED, "destination",
        pool,
        absl::StrCat("the publishers know no destination of the pool \"", errors::Excerpt(pool),
                     "\": there is no such pool, or it has no stream"),
        {{"identityPoolId", pool}});
  }
  const absl::Time now = session.world.clock.Now();
  const v1::DestinationStatus& destination = status.destinations(0);
  if (session.json()) {
    PrintJson(DocumentOf(destination, now), session.out());
  } else {
    PrintOne(destination, now, session.out());
  }
  return absl::OkStatus();
}

absl::Status Pause(Session& session, const std::string& pool, const std::string& reason) {
  v1::PauseDestinationRequest request;
  request.set_identity_pool_id(pool);
  request.set_reason(reason);
  TM_ASSIGN_OR_RETURN(const auto response,
                      session.clients.publisher.Call(&Stub::PauseDestination, request));
  if (session.json()) PrintJson(ToJson(response), session.out());
  return absl::OkStatus();
}

absl::Status Resume(Session& session, const std::string& pool) {
  v1::ResumeDestinationRequest request;
  request.set_identity_pool_id(pool);
  TM_ASSIGN_OR_RETURN(const auto response,
                      session.clients.publisher.Call(&Stub::ResumeDestination, request));
  if (session.json()) PrintJson(ToJson(response), session.out());
  return absl::OkStatus();
}

}  // namespace

void AddDestinationCommands(Commands& commands) {
  CLI::App& noun = commands.Noun("destination", "Pools' streams, as the publishers serve them.");
  struct Options {
    std::string pool;
    std::string reason;
  };
  const auto options = std::make_shared<Options>();
  AddPoolFilter(
      commands.Verb(noun, "list",
                    "Lists all, with state and lag; DELIVERED counts what the process that "
                    "answers delivered since it began.",
                    [options](Session& session) { return List(session, options->pool); }),
      options->pool);
  AddPool(commands.Verb(
              noun, "get",
              "Shows a pool's; delivered changes are those of the process that answers, since "
              "it began.",
              [options](Session& session) { return Get(session, options->pool); }),
          options->pool);
  CLI::App& pause = commands.Verb(
      noun, "pause", "Stops delivering until it is resumed; the change log keeps what waits.",
      [options](Session& session) { return Pause(session, options->pool, options->reason); });
  AddPool(pause, options->pool);
  pause
      .add_option("--reason", options->reason,
                  "For those who find it paused: 0 to 256 characters. Default: none.")
      ->type_name("TEXT");
  AddPool(commands.Verb(noun, "resume", "Delivers on.",
                        [options](Session& session) { return Resume(session, options->pool); }),
          options->pool);
}

}  // namespace tidemark::cli

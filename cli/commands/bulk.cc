#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/commands/bulk_rate.h"
#include "cli/commands/bulk_wait.h"
#include "cli/commands/session.h"
#include "cli/output/error.h"
#include "cli/output/format.h"
#include "cli/output/message_json.h"
#include "cli/output/table.h"

namespace tidemark::cli {
namespace {

using stream_config::v1::BulkPublish;
using Stub = stream_config::v1::StreamConfigService::StubInterface;

void AddRate(const BulkRate& rate, bool ended, Fields& fields) {
  fields.Add("datasets/s", absl::StrFormat("%.1f", rate.datasets_per_second));
  fields.Add("bytes/s", HumanBytes(static_cast<std::int64_t>(rate.bytes_per_second)));
  if (!ended && rate.remaining) fields.Add("remaining", HumanDuration(*rate.remaining));
}

// Of the destination of one that is in progress; nothing if no publisher tells.
std::optional<publisher::v1::DestinationStatus> DestinationOf(Session& session,
                                                              const std::string& pool,
                                                              const BulkPublish& bulk) {
  if (bulk.state() != stream_config::v1::BULK_PUBLISH_STATE_IN_PROGRESS) return std::nullopt;
  publisher::v1::GetStatusRequest request;
  request.set_identity_pool_id(pool);
  const auto status = session.clients.publisher.Call(
      &publisher::v1::PublisherService::StubInterface::GetStatus, request);
  if (!status.ok() || status->destinations().empty()) return std::nullopt;
  return status->destinations(0);
}

// What a pause is for; nothing if there is none.
std::optional<std::string> PauseOf(
    const std::optional<publisher::v1::DestinationStatus>& destination) {
  if (!destination || destination->state() != publisher::v1::DESTINATION_STATE_PAUSED) {
    return std::nullopt;
  }
  return destination->pause_reason();
}

void PrintText(const BulkPublish& bulk, const std::optional<std::string>& pause,
               std::ostream& out) {
  Fields fields;
  fields.Add("state", bulk.job() == 0 ? "never asked for" : HumanEnum(bulk.state()));
  if (bulk.job() != 0) {
    const auto& progress = bulk.progress();
    const auto end = TimeOf(bulk.has_complete_time(), bulk.complete_time());
    if (pause) {
      fields.Add("waits", absl::StrCat("the stream is paused until tidemark destination resume: ",
                                       OrAbsent(*pause)));
    }
    fields.Add("job", absl::StrCat(bulk.job()));
    fields.Add("epoch", absl::StrCat(bulk.epoch()));
    fields.Add("started", HumanTime(TimeOf(bulk.has_start_time(), bulk.start_time())));
    if (end) fields.Add("ended", HumanTime(end));
    if (!bulk.failure_message().empty()) {
      fields.Add("failure", Printable(bulk.failure_message()));
    }
    if (bulk.has_progress()) {
      fields.Add("datasets done", absl::StrCat(progress.datasets_done()));
      fields.Add("datasets total", absl::StrCat(progress.datasets_total()));
      fields.Add("datasets failed", absl::StrCat(progress.datasets_failed()));
      fields.Add("sent", HumanBytes(progress.bytes_sent()));
    }
    if (const auto rate = RateOf(bulk)) AddRate(*rate, end.has_value(), fields);
  }
  fields.Print(out);
}

// The message, and what people would have to compute: rates over the whole time, null if unknown.
// So is whether its stream is paused.
Json DocumentOf(const BulkPublish& bulk,
                const std::optional<publisher::v1::DestinationStatus>& destination) {
  Json json = ToJson(bulk);
  json["paused"] = destination ? Json(PauseOf(destination).has_value()) : Json(nullptr);
  const auto rate = RateOf(bulk);
  json["datasets_per_second"] = rate ? Json(rate->datasets_per_second) : Json(nullptr);
  json["bytes_per_second"] = rate ? Json(rate->bytes_per_second) : Json(nullptr);
  const bool remains = rate && rate->remaining && !bulk.has_complete_time();
  json["remaining_seconds"] =
      remains ? Json(absl::ToDoubleSeconds(*rate->remaining)) : Json(nullptr);
  return json;
}

void Show(Session& session, const std::string& pool, const BulkPublish& bulk) {
  const auto destination = DestinationOf(session, pool, bulk);
  if (session.json()) return PrintJson(DocumentOf(bulk, destination), session.out());
  PrintText(bulk, PauseOf(destination), session.out());
}

// With `wait`, its end decides the exit code.
absl::Status Finish(Session& session, const std::string& pool, BulkPublish bulk, bool wait) {
  if (wait && bulk.job() != 0) {
    TM_ASSIGN_OR_RETURN(bulk, WaitForBulk(session, pool, std::move(bulk)));
  }
  Show(session, pool, bulk);
  if (!wait || bulk.state() != stream_config::v1::BULK_PUBLISH_STATE_FAILED) {
    return absl::OkStatus();
  }
  return absl::AbortedError(absl::StrCat("the bulk publish failed: ", bulk.failure_message()));
}

struct Options {
  std::string pool;
  bool again = false;
  bool wait = false;
};

absl::Status Start(Session& session, const Options& options) {
  stream_config::v1::StartBulkPublishRequest request;
  request.set_identity_pool_id(options.pool);
  request.set_again(options.again);
  TM_ASSIGN_OR_RETURN(const auto response,
                      session.clients.pools.Call(&Stub::StartBulkPublish, request));
  return Finish(session, options.pool, response.bulk_publish(), options.wait);
}

absl::Status Status(Session& session, const Options& options) {
  TM_ASSIGN_OR_RETURN(const BulkPublish bulk, GetBulk(session, options.pool));
  return Finish(session, options.pool, bulk, options.wait);
}

void AddWait(CLI::App& verb, bool& wait) {
  verb.add_flag(
      "--wait", wait,
      "Waits for its end, with progress on stderr; exit status 1 if it failed. Stopping to "
      "wait does not stop it.");
}

}  // namespace

void AddBulkCommands(Commands& commands) {
  CLI::App& noun =
      commands.Noun("bulk", "Bulk publish: all live datasets of a pool to its stream.");
  const auto start = std::make_shared<Options>();
  CLI::App& start_verb =
      commands.Verb(noun, "start", "Begins one, mixed with live changes, and shows it.",
                    [start](Session& session) { return Start(session, *start); });
  AddPool(start_verb, start->pool);
  start_verb.add_flag("--again", start->again,
                      "Also within 24 hours of a success, for a stream that is gapped.");
  AddWait(start_verb, start->wait);
  const auto status = std::make_shared<Options>();
  CLI::App& status_verb =
      commands.Verb(noun, "status", "Shows how the pool's last one does: datasets done, rate.",
                    [status](Session& session) { return Status(session, *status); });
  AddPool(status_verb, status->pool);
  AddWait(status_verb, status->wait);
}

}  // namespace tidemark::cli

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/commands/pages.h"
#include "cli/commands/session.h"
#include "cli/output/error.h"
#include "cli/output/format.h"
#include "cli/output/table.h"

namespace tidemark::cli {
namespace {

namespace v1 = publisher::v1;
using Stub = v1::PublisherService::StubInterface;

constexpr std::ptrdiff_t kPositionsPerCall = 1000;  // ReplayParkedChangesRequest.positions

std::string ReplayOf(const v1::ParkedChange& parked) {
  return HumanTime(TimeOf(parked.has_replay_time(), parked.replay_time()));
}

void PrintTable(const v1::ListParkedChangesResponse& list, std::ostream& out) {
  Table table({{"POSITION", true},
               {"POOL"},
               {"IDENTITY"},
               {"DATASET"},
               {"KIND"},
               {"SYNC COUNT", true},
               {"SIZE", true},
               {"PARKED"},
               {"REPLAY ASKED"},
               {"REASON"}});
  for (const v1::ParkedChange& parked : list.parked_changes()) {
    const auto& change = parked.change();
    table.Add({absl::StrCat(parked.position()), Printable(change.identity_pool_id()),
               Printable(change.identity_id()), Printable(change.dataset_name()),
               HumanEnum(change.kind()), absl::StrCat(change.sync_count()),
               HumanBytes(parked.event_bytes()),
               HumanTime(TimeOf(parked.has_park_time(), parked.park_time())), ReplayOf(parked),
               OrAbsent(parked.reason())});
  }
  table.Print(out);
}

absl::Status List(Session& session, const std::string& pool) {
  v1::ListParkedChangesRequest request;
  request.set_identity_pool_id(pool);
  TM_ASSIGN_OR_RETURN(
      const v1::ListParkedChangesResponse list,
      ReadPages(session, session.clients.publisher, &Stub::ListParkedChanges, request,
                [](auto& response) { return response.mutable_parked_changes(); }));
  if (session.json()) {
    PrintJson(ListJson(list), session.out());
  } else {
    PrintTable(list, session.out());
  }
  return absl::OkStatus();
}

// Which parked changes of a pool are meant.
struct Selection {
  std::string pool;
  std::vector<std::int64_t> positions;
  bool all = false;
  bool yes = false;
};

// CLI11 takes the nearest for a number that is too large.
std::string CheckPosition(const std::string& text) {
  std::int64_t position = 0;
  if (absl::SimpleAtoi(text, &position) && position > 0) return "";
  return absl::StrCat("\"", text, "\" is no position of the change log: 1 to ",
                      std::numeric_limits<std::int64_t>::max());
}

// Calls `method` for the selection, as often as its bound asks. Returns the changes concerned.
template <typename Request, typename Response>
absl::StatusOr<std::int64_t> CallFor(Session& session, const Selection& selection,
                                     grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                  const Request&, Response*)) {
  if (selection.all == !selection.positions.empty()) {
    return UsageError("which of them? Give positions, or --all for all of the pool");
  }
  std::int64_t changes = 0;
  auto next = selection.positions.begin();
  do {
    Request request;
    request.set_identity_pool_id(selection.pool);
    const auto end = next + std::min(selection.positions.end() - next, kPositionsPerCall);
    request.mutable_positions()->Assign(next, end);
    TM_ASSIGN_OR_RETURN(const Response response, session.clients.publisher.Call(method, request));
    changes += response.changes();
    next = end;
  } while (next != selection.positions.end());
  return changes;
}

void Show(const Session& session, std::int64_t changes, const char* what) {
  if (session.json()) return PrintJson(Json{{"changes", changes}}, session.out());
  session.out() << changes << (changes == 1 ? " parked change " : " parked changes ") << what
                << '\n';
}

absl::Status Replay(Session& session, const Selection& selection) {
  TM_ASSIGN_OR_RETURN(const std::int64_t changes,
                      CallFor(session, selection, &Stub::ReplayParkedChanges));
  Show(session, changes, "will be replayed");
  return absl::OkStatus();
}

absl::Status Discard(Session& session, const Selection& selection) {
  TM_RETURN_IF_ERROR(RequireYes(selection.yes, "gives up changes that were never delivered"));
  TM_ASSIGN_OR_RETURN(const std::int64_t changes,
                      CallFor(session, selection, &Stub::DiscardParkedChanges));
  Show(session, changes, "discarded");
  return absl::OkStatus();
}

void AddSelection(CLI::App& verb, Selection& selection) {
  AddPool(verb, selection.pool);
  verb.add_option("POSITION", selection.positions, "Their positions in the change log.")
      ->type_name("")
      ->check(CheckPosition);
  verb.add_flag("--all", selection.all, "All of the pool.");
}

}  // namespace

void AddParkedCommands(Commands& commands) {
  CLI::App& noun = commands.Noun(
      "parked", "Parked changes: set aside, as their destination refuses them for good.");
  const auto pool = std::make_shared<std::string>();
  AddPoolFilter(commands.Verb(noun, "list", "Lists them, oldest first.",
                              [pool](Session& session) { return List(session, *pool); }),
                *pool);
  const auto replay = std::make_shared<Selection>();
  AddSelection(
      commands.Verb(noun, "replay",
                    "Sends what their datasets hold by now, in the background; then they leave the "
                    "list.",
                    [replay](Session& session) { return Replay(session, *replay); }),
      *replay);
  const auto discard = std::make_shared<Selection>();
  CLI::App& discard_verb =
      commands.Verb(noun, "discard", "Takes them off the list for good, undelivered.",
                    [discard](Session& session) { return Discard(session, *discard); });
  AddSelection(discard_verb, *discard);
  AddYes(discard_verb, discard->yes);
}

}  // namespace tidemark::cli

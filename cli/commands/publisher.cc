#include "absl/strings/str_cat.h"
#include "cli/commands/session.h"
#include "cli/output/format.h"
#include "cli/output/message_json.h"
#include "cli/output/table.h"

namespace tidemark::cli {
namespace {

namespace v1 = publisher::v1;

void PrintText(const v1::GetStatusResponse& status, std::ostream& out) {
  Table table({{"PUBLISHER"}, {"LOG SHARDS", true}, {"STARTED"}, {"LEASE UNTIL"}, {"ANSWERED"}});
  for (const v1::MemberStatus& member : status.members()) {
    table.Add({Printable(member.member_id()), absl::StrCat(member.log_shards_held()),
               HumanTime(TimeOf(member.has_start_time(), member.start_time())),
               HumanTime(TimeOf(member.has_expire_time(), member.expire_time())),
               member.answering() ? "yes" : "no"});
  }
  table.Print(out);
  out << '\n';
  Fields fields;
  fields.Add("free log shards", absl::StrCat(status.log_shards_free()));
  fields.Add("answering publisher",
             status.active() ? absl::StrCat("holds ", status.log_shards_held(), " log shards")
                             : "holds no log shards");
  fields.Add("  read up to", absl::StrCat("position ", status.read_position()));
  fields.Add("  open gaps", absl::StrCat(status.open_gaps()));
  fields.Add("  pushes waiting", absl::StrCat(status.pushes_waiting()));
  fields.Print(out);
}

absl::Status List(Session& session) {
  TM_ASSIGN_OR_RETURN(v1::GetStatusResponse status,
                      session.clients.publisher.Call(
                          &v1::PublisherService::StubInterface::GetStatus, v1::GetStatusRequest()));
  if (session.json()) {
    Json json = ToJson(status);
    json.erase("destinations");  // See `destination list`.
    PrintJson(json, session.out());
  } else {
    PrintText(status, session.out());
  }
  return absl::OkStatus();
}

}  // namespace

void AddPublisherCommands(Commands& commands) {
  CLI::App& noun = commands.Noun("publisher", "The publishers and the log shards they hold.");
  commands.Verb(noun, "list", "Lists those that are alive; shows log shards that nobody holds.",
                List);
}

}  // namespace tidemark::cli

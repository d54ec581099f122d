#include "absl/strings/str_cat.h"
#include "cli/commands/session.h"
#include "cli/output/format.h"
#include "cli/output/message_json.h"
#include "cli/output/table.h"

namespace tidemark::cli {
namespace {

namespace v1 = dataset::v1;

void PrintText(const v1::DescribeChangeLogResponse& log, std::ostream& out) {
  Fields fields;
  fields.Add("end", absl::StrCat("position ", log.end_position()));
  fields.Add("low mark", absl::StrCat("position ", log.low_mark()));
  fields.Add("emptied through", absl::StrCat("position ", log.emptied_through()));
  fields.Add("size", HumanBytes(log.size_bytes()));
  fields.Add("partitions", absl::StrCat(log.partition_count()));
  fields.Add("  not yet written", absl::StrCat(log.partitions_ahead()));
  fields.Print(out);
}

absl::Status Describe(Session& session) {
  TM_ASSIGN_OR_RETURN(
      const v1::DescribeChangeLogResponse log,
      session.clients.change_log.Call(&v1::ChangeLogService::StubInterface::DescribeChangeLog,
                                      v1::DescribeChangeLogRequest()));
  if (session.json()) {
    PrintJson(ToJson(log), session.out());
  } else {
    PrintText(log, session.out());
  }
  return absl::OkStatus();
}

}  // namespace

void AddLogCommands(Commands& commands) {
  CLI::App& noun = commands.Noun("log", "The change log.");
  commands.Verb(
      noun, "describe",
      "Shows its size and bounds. The publishers need nothing up to the low mark; what is "
      "emptied is gone.",
      Describe);
}

}  // namespace tidemark::cli

#include "common/pg/server_check.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"

namespace tidemark::pg {
namespace {

constexpr std::int32_t kOldestVersion = 150'000;

absl::Status Unsuitable(std::string_view setting, std::string_view value, std::string_view advice) {
  return errors::Error(absl::StatusCode::kFailedPrecondition,
                       errors::v1::ERROR_REASON_DATABASE_UNSUITABLE,
                       absl::StrCat("the database server has ", ToAbsl(setting), " = ",
                                    ToAbsl(value), ": ", ToAbsl(advice)),
                       {{"setting", std::string(setting)}, {"value", std::string(value)}});
}

}  // namespace

constexpr Query kDescribeServer{
    "pg_describe_server",
    "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),"
    " pg_is_in_recovery(), current_setting('fsync'), current_setting('full_page_writes'),"
    " current_setting('synchronous_commit')"};

absl::Status CheckServer(const Result& described, ServerCheck check) {
  if (check == ServerCheck::kNone) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(
      const auto server,
      (described
           .ParseOnly<std::int32_t, std::string, bool, std::string, std::string, std::string>()));
  const auto& [version, encoding, standby, fsync, full_page_writes, synchronous_commit] = server;
  if (version < kOldestVersion) {
    return Unsuitable("server_version_num", absl::StrCat(version), "version 15 is the oldest");
  }
  if (encoding != "UTF8") {
    return Unsuitable("server_encoding", encoding, "create the database with UTF8");
  }
  if (standby) {
    return errors::DatabaseError("25006", "the server is a standby");
  }
  if (check == ServerCheck::kLossy) return absl::OkStatus();
  constexpr std::string_view kTurnOn = "a crash would lose acknowledged data; turn it on";
  if (fsync == "off") return Unsuitable("fsync", fsync, kTurnOn);
  if (full_page_writes == "off") return Unsuitable("full_page_writes", full_page_writes, kTurnOn);
  if (synchronous_commit == "off") {
    return Unsuitable("synchronous_commit", synchronous_commit, kTurnOn);
  }
  return absl::OkStatus();
}

}  // namespace tidemark::pg

#include "services/publisher/store/postgres_log_end.h"

#include <utility>

#include "common/base/status_macros.h"

namespace tidemark::publisher {

const pg::Query kLogEnd{
    "publisher_log_end",
    "SELECT (SELECT system_identifier FROM pg_control_system())"
    "       || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
    "       || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()),"
    "       CASE WHEN is_called THEN last_value ELSE 0 END"
    "  FROM dataset.change_log_position"};

absl::StatusOr<LogEnd> ParseLogEnd(const pg::Result& result) {
  TM_ASSIGN_OR_RETURN(auto row, (result.ParseOnly<std::string, Position>()));
  return LogEnd{std::move(std::get<0>(row)), std::get<1>(row)};
}

}  // namespace tidemark::publisher

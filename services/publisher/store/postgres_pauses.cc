#include "services/publisher/store/postgres_pauses.h"

#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/pg/query.h"

namespace tidemark::publisher {
namespace {

constexpr pg::Query kPauses{"publisher_pauses",
                            "SELECT pool_number, reason, pause_time FROM publisher.pause"
                            " WHERE $1::integer IS NULL OR pool_number = $1"};

}  // namespace

absl::StatusOr<Pauses> LoadPauses(pg::Connection& connection,
                                  std::optional<std::int32_t> pool_number, absl::Time deadline) {
  TM_ASSIGN_OR_RETURN(const pg::Result result,
                      connection.Run(kPauses, pg::Params(pool_number), deadline));
  TM_ASSIGN_OR_RETURN(auto rows, (result.ParseAll<std::int32_t, std::string, absl::Time>()));
  Pauses pauses;
  for (auto& [number, reason, time] : rows) pauses[number] = {std::move(reason), time};
  return pauses;
}

}  // namespace tidemark::publisher

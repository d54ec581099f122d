#include "common/pg/dsn.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace tidemark::pg {
namespace {

struct ConninfoDeleter {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using ConninfoHandle = std::unique_ptr<PQconninfoOption, ConninfoDeleter>;

}  // namespace

absl::StatusOr<int> CountHosts(const std::string& dsn) {
  const ConninfoHandle parsed(PQconninfoParse(dsn.c_str(), nullptr));
  if (!parsed) return absl::InvalidArgumentError("not a libpq connection string or URI");
  int hosts = 1;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val == nullptr || (keyword != "host" && keyword != "hostaddr")) continue;
    const std::string_view value = option->val;
    hosts = std::max(hosts, 1 + static_cast<int>(std::count(value.begin(), value.end(), ',')));
  }
  return hosts;
}

absl::Status CheckDsn(const std::string& dsn) { return CountHosts(dsn).status(); }

}  // namespace tidemark::pg

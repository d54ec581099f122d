#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/pg/query.h"

namespace tidemark::pg {

// The statements that are prepared in a session. For common/pg alone.
class Statements {
 public:
  struct Statement {
    const char* sql;
    std::vector<Oid> types;
    std::string name;  // on the server
  };

  // The statement of `query`, null if it is not prepared. INTERNAL if its name stands for another
  // statement or other types of parameters.
  absl::StatusOr<const Statement*> Find(const Query& query, const std::vector<Oid>& types) const;

  // Notes that `query`, which Find did not find, is prepared as Statement::name. Valid until it is
  // forgotten.
  const Statement& Add(const Query& query, const std::vector<Oid>& types);

  // Forgets a statement that failed to be prepared, or went stale. As it may keep its name on the
  // server, its successor takes another.
  void Forget(const Query& query);

 private:
  std::map<std::string_view, Statement> statements_;  // by the query's name
  int forgotten_ = 0;
};

// Whether a statement failed because what was prepared is gone, or because its result changed its
// type meanwhile, by a migration. Then it did nothing, and works once it is prepared anew.
bool StatementIsStale(const absl::Status& status);

}  // namespace tidemark::pg

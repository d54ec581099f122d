#include "common/pg/statements.h"

#include "absl/strings/str_cat.h"
#include "common/errors/sqlstate.h"

namespace tidemark::pg {

absl::StatusOr<const Statements::Statement*> Statements::Find(const Query& query,
                                                              const std::vector<Oid>& types) const {
  const auto found = statements_.find(query.name);
  if (found == statements_.end()) return nullptr;
  const Statement& statement = found->second;
  if (std::string_view(statement.sql) != query.sql || statement.types != types) {
    return errors::InternalError(
        absl::StrCat("two statements, or types of parameters, are named ", query.name));
  }
  return &statement;
}

const Statements::Statement& Statements::Add(const Query& query, const std::vector<Oid>& types) {
  std::string name = query.name;
  if (forgotten_ > 0) absl::StrAppend(&name, "/", forgotten_);
  return statements_[query.name] = {query.sql, types, std::move(name)};
}

void Statements::Forget(const Query& query) {
  statements_.erase(query.name);
  ++forgotten_;
}

bool StatementIsStale(const absl::Status& status) {
  const std::string sqlstate = errors::SqlStateOf(status);
  return sqlstate == "26000" || sqlstate == "0A000";
}

}  // namespace tidemark::pg

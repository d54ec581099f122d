#include "common/pg/result.h"

#include <libpq-fe.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/errors/sqlstate.h"

namespace tidemark::pg {

void ResultDeleter::operator()(pg_result* result) const noexcept { PQclear(result); }

Result::Result(ResultHandle handle) : handle_(std::move(handle)) {}

int Result::size() const { return PQntuples(handle_.get()); }

std::int64_t Result::affected() const {
  std::int64_t rows = 0;
  if (!absl::SimpleAtoi(PQcmdTuples(handle_.get()), &rows))
    return 0;  // Empty for other statements.
  return rows;
}

std::string_view Result::command() const { return PQcmdStatus(handle_.get()); }

absl::Status Result::CheckOnly() const {
  if (size() == 1) return absl::OkStatus();
  return errors::InternalError(absl::StrCat("expected one row, got ", size()));
}

Oid Row::TypeOf(int column) const { return PQftype(result_, column); }

std::optional<std::string_view> Row::Data(int column) const {
  if (PQgetisnull(result_, row_, column) != 0) return std::nullopt;
  return std::string_view(PQgetvalue(result_, row_, column),
                          static_cast<std::size_t>(PQgetlength(result_, row_, column)));
}

absl::Status Row::Mismatch(int column, std::string_view problem) const {
  const char* name = PQfname(result_, column);
  return errors::InternalError(absl::StrCat("column ", column, " (",
                                            name == nullptr ? "none" : name, ", type ",
                                            TypeOf(column), ") ", ToAbsl(problem)));
}

absl::Status Row::CheckColumns(std::size_t expected) const {
  if (static_cast<std::size_t>(PQnfields(result_)) == expected) return absl::OkStatus();
  return errors::InternalError(
      absl::StrCat("expected ", expected, " columns, got ", PQnfields(result_)));
}

}  // namespace tidemark::pg

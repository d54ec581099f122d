#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function if `expression` (an absl::Status) is an error.
#define TM_RETURN_IF_ERROR(expression)     \
  do {                                     \
    absl::Status tm_status = (expression); \
    if (!tm_status.ok()) return tm_status; \
  } while (false)

// Declares or assigns `target` from `expression` (an absl::StatusOr), or returns its error.
#define TM_ASSIGN_OR_RETURN(target, expression) \
  TM_ASSIGN_OR_RETURN_IMPL(TM_CONCAT(tm_result_, __LINE__), target, expression)

// NOLINTBEGIN(bugprone-macro-parentheses): `target` may be a declaration.
#define TM_ASSIGN_OR_RETURN_IMPL(result, target, expression) \
  auto result = (expression);                                \
  if (!result.ok()) return std::move(result).status();       \
  target = std::move(result).value()
// NOLINTEND(bugprone-macro-parentheses)

#define TM_CONCAT_IMPL(a, b) a##b
#define TM_CONCAT(a, b) TM_CONCAT_IMPL(a, b)

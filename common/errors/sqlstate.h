#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

// What a failure of the database means to a caller. The error carries its SQLSTATE and the driver's
// text in private payloads: code inside the process may ask for them and log them, and they never
// reach a client (errors::ToProto leaves them out).
namespace tidemark::errors {

// For connections that broke, or could not be made, without a word from the server (SQLSTATE class
// 08, connection_failure).
inline constexpr std::string_view kConnectionFailure = "08006";

// The error for a statement that failed with `sqlstate` (five characters):
//   40001, 40P01, 55P03               ABORTED, CONCURRENT_CHANGE
//   08*, 57P*, 53*, 58*, 25006, 25P03 UNAVAILABLE, DATABASE_UNAVAILABLE, with RetryInfo
//   57014                             DEADLINE_EXCEEDED, DEADLINE_EXCEEDED
//   anything else                     INTERNAL, INTERNAL, in fixed words
// Stores turn what they expect, such as a unique violation, into errors of their own by SqlStateOf.
absl::Status DatabaseError(std::string_view sqlstate, std::string_view driver_text);

// INTERNAL in fixed words, with `detail` as driver text: for faults of Tidemark itself, such as a
// column whose type is not the expected one.
absl::Status InternalError(std::string_view detail);

// Empty for errors that came from elsewhere.
std::string SqlStateOf(const absl::Status& status);

// What the driver said, for the log alone. Empty for errors that came from elsewhere.
std::string DriverTextOf(const absl::Status& status);

// Adds driver text to an error, for the log alone.
absl::Status WithDriverText(absl::Status status, std::string_view driver_text);

}  // namespace tidemark::errors

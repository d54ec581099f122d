#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tidemark::cli {

// What the program ends with.
enum ExitCode {
  kDone = 0,
  kRefused = 1,      // by a service, or the result can't be written
  kUsage = 2,        // command line, environment or configuration file
  kUnreachable = 3,  // a service, or what it needs; or it took too long: later it may work
};

// An error of the command line that CLI11 can't see.
absl::Status UsageError(std::string_view message);
// The results went nowhere: a full disk, for example.
absl::Status CantWrite();

ExitCode ExitCodeOf(const absl::Status& status);

// Writes an error with all that its sender said of it: the reason (tidemark.errors.v1.ErrorReason),
// wrong fields, when to try again. Text, or one JSON document
//   {"error": {"code", "reason", "message", "metadata", "field_violations", "retry_delay_seconds",
//    "request_id"}}
// in which what is absent is null or empty. `request_id` may be empty.
void PrintError(const absl::Status& status, const std::string& request_id, bool json,
                std::ostream& err);

}  // namespace tidemark::cli

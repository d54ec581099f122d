#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidemark::config {

// The settings of a TOML file, as text under their keys: `listen = "0.0.0.0:7001"`, `lanes = 4`,
// `verbose = true`. Keys inside a table carry its name ("postgres.dsn"). An error names the line,
// or says that the file can't be read.
using Settings = std::map<std::string, std::string>;

absl::StatusOr<Settings> ParseSettings(std::string_view toml);
absl::StatusOr<Settings> ReadSettings(const std::string& path);

// The bytes of a small file, at most 1 MiB. The error says why not, without the path.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace tidemark::config

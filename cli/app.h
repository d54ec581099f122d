#pragma once

#include <string>
#include <vector>

#include "cli/commands/session.h"

namespace tidemark::cli {

// The program: `arguments` come after its name. Returns the exit code (cli/output/error.h).
int Run(std::vector<std::string> arguments, World& world);

}  // namespace tidemark::cli

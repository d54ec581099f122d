#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/client/client.h"
#include "cli/client/settings.h"
#include "common/base/clock.h"
#include "common/config/options.h"

namespace tidemark::cli {

// What the program has of the system; tests give their own.
struct World {
  std::ostream& out;  // results alone
  std::ostream& err;  // everything else
  config::Environment environment;
  const Clock& clock;
  std::function<void(absl::Duration)> sleep;
  bool err_is_terminal = false;
};

// What a command works with, once everything given is known to be good.
struct Session {
  World& world;
  const Settings& settings;
  Clients& clients;

  bool json() const { return settings.json(); }
  std::ostream& out() const { return world.out; }
};

// Runs a command. What it returns decides the exit code.
using Action = std::function<absl::Status(Session& session)>;

// The tree of commands, "tidemark <noun> <verb>". Where a command is declared, its options are, and
// help and completion come from there.
class Commands {
 public:
  explicit Commands(CLI::App& app) : app_(app) {}

  CLI::App& Noun(const std::string& name, const std::string& help);
  CLI::App& Verb(CLI::App& noun, const std::string& name, const std::string& help, Action action);

  // The command that the last parsing found; null if there was none.
  const Action* chosen() const;

 private:
  CLI::App& app_;
  std::map<const CLI::App*, Action> actions_;
};

// Options that several commands have.
CLI::Option* AddPool(CLI::App& verb, std::string& pool);        // POOL, required
CLI::Option* AddPoolFilter(CLI::App& verb, std::string& pool);  // --pool
CLI::Option* AddChoice(CLI::App& verb, const std::string& flag, std::string& target,
                       const std::vector<std::string>& choices, const std::string& help);
CLI::Option* AddByteSize(CLI::App& verb, const std::string& flag, std::int64_t& target,
                         const std::string& help);
CLI::Option* AddNumber(CLI::App& verb, const std::string& flag, std::int64_t& target,
                       std::int64_t min, std::int64_t max, const std::string& help);
CLI::Option* AddYes(CLI::App& verb, bool& yes);  // --yes

// A usage error unless --yes was given; `what` is the deed: "erases the identity's data for good".
absl::Status RequireYes(bool yes, const std::string& what);

// Each noun's commands.
void AddPoolCommands(Commands& commands);
void AddBulkCommands(Commands& commands);
void AddDestinationCommands(Commands& commands);
void AddParkedCommands(Commands& commands);
void AddPublisherCommands(Commands& commands);
void AddLogCommands(Commands& commands);
void AddIdentityCommands(Commands& commands);
void AddDatasetCommands(Commands& commands);

}  // namespace tidemark::cli

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/config/keyring.h"
#include "common/config/units.h"

namespace tidemark::config {

// Looks up an environment variable; tests give their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment SystemEnvironment();

// What a range-bound option accepts, both ends included.
template <typename T>
struct Range {
  T min;
  T max;
};

// An option as --help shows it.
struct Flag {
  std::string key;   // "log-level" of --log-level
  std::string type;  // "DURATION 1s..1h"
  std::string help;  // with the default
  bool is_switch = false;
};

// What an option came to be.
struct Effective {
  std::string name;
  std::string value;        // "***" for secrets
  const char* source = "";  // "flag", "environment", "file" or "default"
};

// The outcome of Options::Load.
struct Invocation {
  std::string output;   // not empty: --help or --version was asked for; print it and exit with 0
  std::string command;  // the command named on the command line, "" for none
  std::vector<Effective> options;
};

// The options of one program. Declare each with the variable that receives it, whose value at that
// moment is the default; then Load once. An option "log-level" of service "stream-config" is the
// flag --log-level, the environment variable TIDEMARK_STREAM_CONFIG_LOG_LEVEL and the key
// `log-level` of the TOML file named by --config; the first of these that is present wins.
//
// The CLI is a program of no service: its option "timeout" is TIDEMARK_TIMEOUT in the environment.
//
// An empty environment variable counts as absent. Don't name an option `port` or `service-...`:
// Kubernetes sets variables of such names.
class Options {
 public:
  // `service` as in "stream-config"; the program is "tidemark-<service>". "" for "tidemark", the
  // CLI.
  Options(std::string service, std::string about);

  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  // Every Add: `name` in lower case with dashes; `help` is one sentence without unit, range and
  // default, which are added.
  void Add(std::string name, std::string* target, Range<std::size_t> length, std::string help);
  void Add(std::string name, std::int64_t* target, Range<std::int64_t> range, std::string help);
  void Add(std::string name, int* target, Range<int> range, std::string help);
  void Add(std::string name, bool* target, std::string help);
  void Add(std::string name, absl::Duration* target, Range<absl::Duration> range, std::string help);
  void Add(std::string name, Address* target, std::string help);
  // One of `choices`.
  void AddChoice(std::string name, std::string* target, std::vector<std::string> choices,
                 std::string help);
  void AddByteSize(std::string name, std::int64_t* target, Range<std::int64_t> range,
                   std::string help);

  // Secrets come from a file (--<name>-file, also in environment and configuration file) or from
  // the environment variable of the option itself, never from a flag. One line end at the end of
  // the file is dropped.
  enum class Presence { kRequired, kOptional };
  // Says what is wrong with a secret, in words that may be shown: "not a ...".
  using SecretRule = std::function<absl::Status(const std::string& secret)>;
  void AddSecret(std::string name, Secret* target, Presence presence, std::string help,
                 SecretRule rule = nullptr);
  // See Keyring::Parse.
  void AddKeyring(std::string name, std::optional<Keyring>* target, Presence presence,
                  std::string help);

  // A command, such as `migrate`; it may stand before or after the flags. At most one can be given.
  void AddCommand(std::string name, std::string help);

  // A rule over several options, checked once each of them is good by itself.
  void Check(std::function<absl::Status()> rule);

  // The same for what no command needs.
  void CheckToServe(std::function<absl::Status()> rule);

  // All flags that Load takes, in the order of their declaration, --config first: for programs
  // whose command line is more than options, which then give Load those alone. Call it before Load,
  // which changes what the defaults are taken from.
  std::vector<Flag> Flags() const;

  // Sets every target. INVALID_ARGUMENT lists all faults, one per line, each with option, value,
  // bound and where the value came from; targets may then hold anything.
  absl::StatusOr<Invocation> Load(int argc, const char* const* argv,
                                  const Environment& environment = SystemEnvironment());

 private:
  friend class Loader;

  // Sets the target from text, or says what is wrong with it.
  using Accept = std::function<absl::Status(std::string_view text)>;
  enum class Kind { kValue, kSwitch, kSecret };
  struct Option {
    std::string name;
    std::string type;  // for --help, such as "DURATION"
    std::string help;
    Accept accept;
    std::function<std::string()> show;  // the target's value as text
    Kind kind = Kind::kValue;
    bool required = false;
  };
  struct Command {
    std::string name;
    std::string help;
  };

  void Declare(Option option);
  std::string Program() const;
  std::string VariableOf(std::string_view name) const;
  std::string HelpOf(const Option& option) const;
  static std::string KeyOf(const Option& option);

  const std::string service_;
  const std::string about_;
  std::vector<Option> options_;
  std::vector<Command> commands_;
  std::vector<std::function<absl::Status()>> rules_;
  std::vector<std::function<absl::Status()>> serving_rules_;
};

}  // namespace tidemark::config

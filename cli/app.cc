#include "cli/app.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/completion.h"
#include "cli/output/error.h"
#include "common/base/abseil.h"
#include "common/base/version.h"
#include "common/errors/error.h"

namespace tidemark::cli {
namespace {

constexpr char kAbout[] =
    "Administers Tidemark: identity pools, their streams, and what the publishers do.";
constexpr char kGlobalOptions[] = "Options of every command";
constexpr std::size_t kHelpColumn = 44;

// The command line of one run, as CLI11 sees it.
class CommandLine {
 public:
  CommandLine() : options_("", kAbout), app_(kAbout, "tidemark"), commands_(app_) {
    Declare(options_, settings_);
    app_.get_formatter()->column_width(kHelpColumn);
    app_.set_help_flag("-h,--help", "Prints this help.")->group(kGlobalOptions);
    app_.set_version_flag("--version", absl::StrCat("tidemark ", ToAbsl(Version())),
                          "Prints the version.")
        ->group(kGlobalOptions);
    app_.fallthrough();
    app_.footer("Addresses, --output, --timeout and the like: see tidemark --help.");
    DeclareFlags();
    DeclareCommands();
    app_.require_subcommand(1);
    app_.footer(
        "Options of every command may stand anywhere, in the environment (--timeout: "
        "TIDEMARK_TIMEOUT), or in a\nTOML file (timeout = \"30s\"): that of --config, else "
        "~/.config/tidemark/config.toml. Flags win over\nvariables, variables over the "
        "file.\n\nExit "
        "status: 0 done, 1 refused, 2 wrong usage, 3 a service can't be reached or takes too "
        "long.");
  }

  const CLI::App& app() const { return app_; }

  // What is to be done, or text to print for --help and --version, or an error. Other than the
  // first, `settings` may be incomplete.
  struct Parsed {
    const Action* action = nullptr;
    std::string output;
  };
  absl::StatusOr<Parsed> Parse(std::vector<std::string> arguments,
                               const config::Environment& environment) {
    try {
      std::reverse(arguments.begin(), arguments.end());  // As CLI11 wants them.
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      return Parsed{.output = app_.help()};
    } catch (const CLI::CallForVersion& version) {
      return Parsed{.output = absl::StrCat(version.what(), "\n")};
    } catch (const CLI::ParseError& error) {
      return UsageError(absl::StrCat(WhatIsWrong(error), "; see ", Path(), " --help"));
    }
    if (shell_option_->count() > 0) return Parsed{.output = CompletionScript(shell_)};
    const absl::Status loaded = LoadSettings(environment);
    if (!loaded.ok()) return UsageError(ToStd(loaded.message()));
    return Parsed{.action = commands_.chosen()};
  }

  const Settings& settings() const { return settings_; }

  // Whether errors are wanted as JSON, even where the command line is not understood.
  bool WantsJson() const {
    const std::vector<std::string>& output = flags_.at("output")->results();
    return settings_.json() || (!output.empty() && output.back() == "json");
  }

 private:
  void DeclareFlags() {
    for (const config::Flag& flag : options_.Flags()) {
      const std::string names = (flag.key == "output" ? "-o,--" : "--") + flag.key;
      CLI::Option* option =
          flag.is_switch ? app_.add_flag(names, flag.help) : app_.add_option(names, flag.help);
      if (!flag.is_switch) option->type_name(flag.type);
      option->group(kGlobalOptions)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
      flags_[flag.key] = option;
    }
  }

  void DeclareCommands() {
    AddPoolCommands(commands_);
    AddBulkCommands(commands_);
    AddDestinationCommands(commands_);
    AddParkedCommands(commands_);
    AddPublisherCommands(commands_);
    AddLogCommands(commands_);
    AddIdentityCommands(commands_);
    AddDatasetCommands(commands_);
    CLI::App* completion = app_.add_subcommand(
        "completion",
        "Prints a script that completes commands: source <(tidemark completion bash).");
    shell_option_ = AddChoice(*completion, "SHELL", shell_, kShells, "The shell.")->required();
  }

  // Flags were found by CLI11; what they, the environment and the file mean is common/config's.
  absl::Status LoadSettings(const config::Environment& environment) {
    std::vector<std::string> words = {"tidemark"};
    for (const auto& [key, option] : flags_) {
      for (const std::string& result : option->results()) {
        words.push_back(absl::StrCat("--", key, "=", result));
      }
    }
    const std::string file = DefaultConfigFile(environment);
    if (flags_.at("config")->count() == 0 && environment("TIDEMARK_CONFIG").value_or("").empty() &&
        !file.empty()) {
      words.push_back("--config=" + file);
    }
    std::vector<const char*> argv;
    std::transform(words.begin(), words.end(), std::back_inserter(argv),
                   [](const std::string& word) { return word.c_str(); });
    return options_.Load(static_cast<int>(argv.size()), argv.data(), environment).status();
  }

  // CLI11 looks for what is missing before it looks at what it does not know: a word that was
  // misspelled is both.
  std::string WhatIsWrong(const CLI::ParseError& error) const {
    const std::vector<std::string> unknown = app_.remaining(true);
    if (dynamic_cast<const CLI::RequiredError*>(&error) == nullptr || unknown.empty()) {
      return error.what();
    }
    const char* kind = unknown.front().starts_with('-') ? "option" : "command";
    return absl::StrCat("there is no ", kind, " \"", errors::Excerpt(unknown.front()), "\" here");
  }

  // "tidemark pool get", as far as the command line names a command.
  std::string Path() const {
    std::string path = "tidemark";
    const CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) {
      app = app->get_subcommands().back();
      absl::StrAppend(&path, " ", app->get_name());
    }
    return path;
  }

  Settings settings_;
  config::Options options_;
  CLI::App app_;
  Commands commands_;
  std::map<std::string, CLI::Option*> flags_;  // by key
  std::string shell_;
  CLI::Option* shell_option_ = nullptr;
};

absl::Status RunCommand(CommandLine& line, std::vector<std::string> arguments, World& world) {
  TM_ASSIGN_OR_RETURN(const CommandLine::Parsed parsed,
                      line.Parse(std::move(arguments), world.environment));
  if (parsed.action == nullptr) {
    world.out << parsed.output;
  } else {
    const auto clients = Clients::Make(line.settings());
    if (!clients.ok()) return UsageError(ToStd(clients.status().message()));
    Session session{world, line.settings(), **clients};
    TM_RETURN_IF_ERROR((*parsed.action)(session));
  }
  world.out.flush();
  return world.out ? absl::OkStatus() : CantWrite();
}

// `__complete SHELL -- WORD...`
int RunCompletion(const CommandLine& line, const std::vector<std::string>& arguments,
                  World& world) {
  const auto words = std::find(arguments.begin(), arguments.end(), "--");
  if (arguments.size() < 3 || words == arguments.end()) return kUsage;
  world.out << FormatFor(arguments[1], Complete(line.app(), {words + 1, arguments.end()}))
            << std::flush;
  return kDone;
}

}  // namespace

int Run(std::vector<std::string> arguments, World& world) {
  CommandLine line;
  if (!arguments.empty() && arguments.front() == kCompleteCommand) {
    return RunCompletion(line, arguments, world);
  }
  const absl::Status status = RunCommand(line, std::move(arguments), world);
  if (!status.ok()) PrintError(status, RequestIdOf(status), line.WantsJson(), world.err);
  return ExitCodeOf(status);
}

}  // namespace tidemark::cli

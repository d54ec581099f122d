#include <CLI/CLI.hpp>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/abseil.h"
#include "common/base/version.h"
#include "common/config/config_file.h"
#include "common/config/options.h"
#include "common/errors/error.h"

namespace tidemark::config {

// One run of Options::Load. Each source only delivers text by name; what a text means, and whether
// it is good, is decided in one place, so that every fault is found and reported alike.
class Loader {
 public:
  Loader(Options& options, const Environment& environment)
      : options_(options), environment_(environment), app_(options.about_, options.Program()) {}

  absl::StatusOr<Invocation> Run(int argc, const char* const* argv) {
    DeclareFlags();
    if (ParseFlags(argc, argv)) return invocation_;
    ReadFile();
    for (const Options::Option& option : options_.options_) Apply(option);
    if (faults_.empty()) {
      CheckRules(options_.rules_);
      if (invocation_.command.empty()) CheckRules(options_.serving_rules_);
    }
    if (!faults_.empty()) return absl::InvalidArgumentError(absl::StrJoin(faults_, "\n"));
    return std::move(invocation_);
  }

 private:
  // A text as found, and where.
  struct Found {
    std::string text;
    const char* source;  // as in Effective
    std::string where;   // for faults, such as "--listen"
  };

  void Fault(std::string_view where, std::string_view what) {
    faults_.push_back(absl::StrCat(ToAbsl(where), ": ", ToAbsl(what)));
  }

  void DeclareFlags() {
    app_.allow_extras();
    app_.require_subcommand(0, 1);
    app_.set_help_flag("--help", "Prints this help.");
    app_.set_version_flag("--version", absl::StrCat(options_.Program(), " ", ToAbsl(Version())),
                          "Prints the version.");
    app_.footer(
        absl::StrCat("Every option may also be given as environment variable (--log-level: ",
                     options_.VariableOf("log-level"), ")\nor in the TOML file of --config (",
                     "log-level = ...); flags win over variables, variables over the file."));
    for (const config::Flag& flag : options_.Flags()) AddFlag(flag);
    for (const Options::Command& command : options_.commands_) {
      app_.add_subcommand(command.name, command.help)->fallthrough();
    }
  }

  void AddFlag(const config::Flag& flag) {
    const std::string name = "--" + flag.key;
    CLI::Option* option =
        flag.is_switch ? app_.add_flag(name, flag.help) : app_.add_option(name, flag.help);
    if (!flag.is_switch) option->type_name(flag.type);
    flags_[flag.key] = option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }

  // Returns true if only help or version is wanted.
  bool ParseFlags(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      invocation_.output = app_.help();
      return true;
    } catch (const CLI::CallForVersion& version) {
      invocation_.output = absl::StrCat(version.what(), "\n");
      return true;
    } catch (const CLI::ParseError& error) {
      faults_.push_back(error.what());
    }
    ReportUnknown(app_.remaining(true));
    for (const auto& [key, option] : flags_) {
      if (option->results().size() > 1) Fault("--" + key, "given more than once");
    }
    for (const CLI::App* command : app_.get_subcommands())
      invocation_.command = command->get_name();
    return false;
  }

  // Names what is unknown, without values: someone may have tried to give a secret.
  void ReportUnknown(const std::vector<std::string>& unknown) {
    bool is_value = false;
    for (const std::string& word : unknown) {
      const bool is_flag = word.starts_with("-");
      if (is_flag || !is_value) {
        Fault(errors::Excerpt(word.substr(0, word.find('='))),
              "no such option or command; see --help");
      }
      is_value = is_flag && word.find('=') == std::string::npos;
    }
  }

  void ReadFile() {
    const std::optional<Found> config = Find("config");
    if (!config) return;
    absl::StatusOr<Settings> settings = ReadSettings(config->text);
    if (!settings.ok()) return Fault(config->text, ToStd(settings.status().message()));
    for (const auto& [key, text] : *settings) {
      if (key == "config" || !flags_.contains(key)) {
        Fault(absl::StrCat(config->text, ": ", key), "no such option; see --help");
      }
    }
    settings_ = *std::move(settings);
    path_ = config->text;
  }

  std::optional<Found> Find(const std::string& key) const {
    const CLI::Option& flag = *flags_.at(key);
    if (!flag.results().empty()) return Found{flag.results().back(), "flag", "--" + key};
    if (std::optional<Found> found = FindVariable(key)) return found;
    const auto setting = settings_.find(key);
    if (setting == settings_.end()) return std::nullopt;
    return Found{setting->second, "file", absl::StrCat(path_, ": ", key)};
  }

  std::optional<Found> FindVariable(std::string_view name) const {
    const std::string variable = options_.VariableOf(name);
    std::optional<std::string> text = environment_(variable);
    if (!text || text->empty()) return std::nullopt;
    return Found{*std::move(text), "environment", variable};
  }

  void Apply(const Options::Option& option) {
    const char* source =
        option.kind == Options::Kind::kSecret ? ApplySecret(option) : ApplyValue(option);
    invocation_.options.push_back({option.name, option.show(), source});
  }

  const char* ApplyValue(const Options::Option& option) {
    const std::optional<Found> found = Find(option.name);
    if (!found) return "default";
    const absl::Status accepted = option.accept(found->text);
    if (!accepted.ok()) {
      Fault(found->where,
            absl::StrCat("\"", errors::Excerpt(found->text), "\" is ", accepted.message()));
    }
    return found->source;
  }

  // The text of a secret stays out of every fault.
  const char* ApplySecret(const Options::Option& option) {
    const std::string key = Options::KeyOf(option);
    const std::optional<Found> file = Find(key);
    std::optional<Found> secret = FindVariable(option.name);
    if (file && secret) {
      Fault(secret->where, absl::StrCat("also given by ", file->where, "; give one of them"));
      return "";
    }
    if (file) secret = ReadSecret(*file);
    if (secret) {
      const absl::Status accepted = option.accept(secret->text);
      if (!accepted.ok()) Fault(secret->where, ToStd(accepted.message()));
      return secret->source;
    }
    if (!file && option.required) {
      Fault("--" + key,
            absl::StrCat("missing; name a file, or set ", options_.VariableOf(option.name)));
    }
    return "default";
  }

  std::optional<Found> ReadSecret(const Found& file) {
    absl::StatusOr<std::string> text = ReadTextFile(file.text);
    if (!text.ok()) {
      Fault(file.where, absl::StrCat("\"", file.text, "\" ", text.status().message()));
      return std::nullopt;
    }
    absl::string_view secret = *text;
    if (absl::ConsumeSuffix(&secret, "\n")) absl::ConsumeSuffix(&secret, "\r");
    return Found{std::string(secret), file.source, file.where};
  }

  void CheckRules(const std::vector<std::function<absl::Status()>>& rules) {
    for (const auto& rule : rules) {
      const absl::Status status = rule();
      if (!status.ok()) faults_.emplace_back(status.message());
    }
  }

  Options& options_;
  const Environment& environment_;
  CLI::App app_;
  std::map<std::string, CLI::Option*> flags_;  // by key
  Settings settings_;
  std::string path_;  // of the settings
  std::vector<std::string> faults_;
  Invocation invocation_;
};

absl::StatusOr<Invocation> Options::Load(int argc, const char* const* argv,
                                         const Environment& environment) {
  return Loader(*this, environment).Run(argc, argv);
}

}  // namespace tidemark::config

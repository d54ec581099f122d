#include "cli/commands/session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/output/error.h"
#include "common/config/units.h"

namespace tidemark::cli {

CLI::App& Commands::Noun(const std::string& name, const std::string& help) {
  CLI::App* noun = app_.add_subcommand(name, help);
  noun->require_subcommand(1);
  return *noun;
}

CLI::App& Commands::Verb(CLI::App& noun, const std::string& name, const std::string& help,
                         Action action) {
  CLI::App* verb = noun.add_subcommand(name, help);
  actions_[verb] = std::move(action);
  return *verb;
}

const Action* Commands::chosen() const {
  const CLI::App* app = &app_;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  const auto found = actions_.find(app);
  return found == actions_.end() ? nullptr : &found->second;
}

CLI::Option* AddPool(CLI::App& verb, std::string& pool) {
  return verb.add_option("POOL", pool, "The identity pool's id.")->type_name("")->required();
}

CLI::Option* AddPoolFilter(CLI::App& verb, std::string& pool) {
  return verb.add_option("--pool", pool, "Only of this identity pool. Default: of all.")
      ->type_name("POOL");
}

CLI::Option* AddChoice(CLI::App& verb, const std::string& flag, std::string& target,
                       const std::vector<std::string>& choices, const std::string& help) {
  const std::string all = absl::StrJoin(choices, "|");
  return verb.add_option(flag, target, help)
      ->type_name(all)
      ->check([choices, all](const std::string& text) {
        const bool known = std::find(choices.begin(), choices.end(), text) != choices.end();
        return known ? std::string() : absl::StrCat("\"", text, "\" is not one of ", all);
      });
}

CLI::Option* AddByteSize(CLI::App& verb, const std::string& flag, std::int64_t& target,
                         const std::string& help) {
  return verb
      .add_option_function<std::string>(
          flag,
          [&target, flag](const std::string& text) {
            const absl::StatusOr<std::int64_t> size = config::ParseByteSize(text);
            if (!size.ok()) {
              throw CLI::ValidationError(
                  flag, absl::StrCat("\"", text, "\" is ", size.status().message()));
            }
            target = *size;
          },
          help)
      ->type_name("SIZE");
}

CLI::Option* AddNumber(CLI::App& verb, const std::string& flag, std::int64_t& target,
                       std::int64_t min, std::int64_t max, const std::string& help) {
  const std::string range = max == std::numeric_limits<std::int64_t>::max()
                                ? absl::StrCat(min, " or more")
                                : absl::StrCat(min, "..", max);
  return verb.add_option(flag, target, help)
      ->type_name("NUMBER")
      ->check([min, max, range](const std::string& text) {
        std::int64_t number = 0;
        const bool good = absl::SimpleAtoi(text, &number) && number >= min && number <= max;
        return good ? std::string() : absl::StrCat("\"", text, "\" is no whole number, ", range);
      });
}

CLI::Option* AddYes(CLI::App& verb, bool& yes) {
  return verb.add_flag("--yes", yes, "Says that it is meant; nothing is done without.");
}

absl::Status RequireYes(bool yes, const std::string& what) {
  if (yes) return absl::OkStatus();
  return UsageError(absl::StrCat("this ", what, "; give --yes if it is meant"));
}

}  // namespace tidemark::cli

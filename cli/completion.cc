#include "cli/completion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/abseil.h"

namespace tidemark::cli {
namespace {

// bash takes "--output=json" for three words.
constexpr char kBash[] = R"(_tidemark() {
  mapfile -t COMPREPLY < <("$1" __complete bash -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _tidemark tidemark
)";

constexpr char kZsh[] = R"(#compdef tidemark
_tidemark() {
  local -a found
  found=("${(@f)$("${words[1]}" __complete zsh -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then _describe tidemark found; else _files; fi
}
compdef _tidemark tidemark
)";

constexpr char kFish[] = R"(function __tidemark_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete fish -- $words[2..] 2>/dev/null
end
complete -c tidemark -n 'count (__tidemark_complete) >/dev/null' -f -a '(__tidemark_complete)'
)";

std::vector<const CLI::Option*> OptionsOf(const CLI::App& app) {
  const std::vector<const CLI::Option*> all = app.get_options();
  std::vector<const CLI::Option*> flags;
  std::copy_if(all.begin(), all.end(), std::back_inserter(flags),
               [](const CLI::Option* option) { return !option->get_positional(); });
  return flags;
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// Null if it has no such command.
const CLI::App* FindCommand(const CLI::App& app, const std::string& name) {
  const std::vector<const CLI::App*> commands = CommandsOf(app);
  const auto found = std::find_if(commands.begin(), commands.end(), [&](const CLI::App* command) {
    return command->get_name() == name;
  });
  return found == commands.end() ? nullptr : *found;
}

// The option of this name of the command or of those above it, which pass theirs on.
const CLI::Option* FindOption(const CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_parent()) {
    if (const CLI::Option* option = app->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

bool TakesValue(const CLI::Option* option) {
  return option != nullptr && !option->get_positional() && option->get_items_expected_max() > 0;
}

// Where the words before the last one lead.
struct Place {
  const CLI::App* app;
  const CLI::Option* pending = nullptr;  // the flag whose value comes next
};

Place PlaceAfter(const CLI::App& app, const std::vector<std::string>& words) {
  Place place{&app};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "=") continue;
    if (place.pending != nullptr) {
      place.pending = nullptr;
    } else if (word.starts_with("-")) {
      const CLI::Option* option = FindOption(place.app, word);
      if (TakesValue(option)) place.pending = option;
    } else if (const CLI::App* next = FindCommand(*place.app, word)) {
      place.app = next;
    }
  }
  return place;
}

// The values of a flag of type "a|b|c".
std::vector<Candidate> ValuesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  std::vector<Candidate> values;
  if (type.find('|') == type.npos) return values;
  for (absl::string_view value : absl::StrSplit(type, '|'))
    values.push_back({std::string(value), ""});
  return values;
}

std::vector<Candidate> FlagsOf(const CLI::App* app) {
  std::vector<Candidate> flags;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : OptionsOf(*app)) {
      std::string word = "--" + option->get_lnames().front();
      const bool known = std::any_of(flags.begin(), flags.end(),
                                     [&](const Candidate& flag) { return flag.word == word; });
      if (!known) flags.push_back({std::move(word), option->get_description()});
    }
  }
  return flags;
}

std::vector<Candidate> CandidatesOf(const CLI::App& app) {
  std::vector<Candidate> commands;
  for (const CLI::App* command : CommandsOf(app)) {
    commands.push_back({command->get_name(), command->get_description()});
  }
  return commands;
}

// Of a positional, such as the shell of `completion`.
std::vector<Candidate> PositionalsOf(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() && !ValuesOf(*option).empty()) return ValuesOf(*option);
  }
  return {};
}

std::vector<Candidate> All(const Place& place, const std::string& typed) {
  if (place.pending != nullptr) return ValuesOf(*place.pending);
  if (typed.starts_with("-")) return FlagsOf(place.app);
  std::vector<Candidate> commands = CandidatesOf(*place.app);
  return commands.empty() ? PositionalsOf(*place.app) : commands;
}

}  // namespace

std::vector<Candidate> Complete(const CLI::App& app, const std::vector<std::string>& words) {
  std::string typed = words.empty() ? "" : words.back();
  if (typed == "=") typed.clear();
  std::vector<Candidate> candidates = All(PlaceAfter(app, words), typed);
  std::erase_if(candidates,
                [&](const Candidate& candidate) { return !candidate.word.starts_with(typed); });
  return candidates;
}

std::string FormatFor(std::string_view shell, const std::vector<Candidate>& candidates) {
  std::string lines;
  for (const Candidate& candidate : candidates) {
    absl::StrAppend(&lines, candidate.word);
    if (!candidate.help.empty() && shell != "bash") {
      absl::StrAppend(&lines, shell == "zsh" ? ":" : "\t", candidate.help);
    }
    absl::StrAppend(&lines, "\n");
  }
  return lines;
}

std::string CompletionScript(std::string_view shell) {
  if (shell == "bash") return kBash;
  return shell == "zsh" ? kZsh : kFish;
}

}  // namespace tidemark::cli

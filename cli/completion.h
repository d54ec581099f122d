#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark::cli {

// The hidden command that the scripts of `tidemark completion` ask: `tidemark __complete SHELL --
// WORD...`. So what is offered always belongs to the program that is there.
inline constexpr std::string_view kCompleteCommand = "__complete";
inline const std::vector<std::string> kShells = {"bash", "zsh", "fish"};

// A word that may come next.
struct Candidate {
  std::string word;
  std::string help;
};

// What may stand in the place of the last of `words`, which is what has been typed of it: commands,
// flags, a flag's values. Nothing where anything may stand. `words` come after the program's name.
std::vector<Candidate> Complete(const CLI::App& app, const std::vector<std::string>& words);

// The candidates as the shell's script wants them, a line each.
std::string FormatFor(std::string_view shell, const std::vector<Candidate>& candidates);

// The script for the shell, one of kShells.
std::string CompletionScript(std::string_view shell);

}  // namespace tidemark::cli

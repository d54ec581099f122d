#include "common/config/options.h"

#include <algorithm>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"

namespace tidemark::config {
namespace {

absl::Status Fault(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

std::string ShowInteger(std::int64_t number) { return absl::StrCat(number); }
std::string ShowDuration(absl::Duration duration) { return absl::FormatDuration(duration); }

template <typename T, typename Show>
std::string ShowRange(const Range<T>& range, Show show) {
  return absl::StrCat(show(range.min), "..", show(range.max));
}

template <typename T, typename Show>
absl::Status CheckRange(T value, const Range<T>& range, Show show) {
  if (value >= range.min && value <= range.max) return absl::OkStatus();
  return Fault(absl::StrCat("outside of ", ShowRange(range, show)));
}

// An option whose text is parsed into a T that has to lie in `range`.
template <typename T, typename Parse, typename Show>
auto Ranged(T* target, Range<T> range, Parse parse, Show show) {
  return [=](std::string_view text) -> absl::Status {
    TM_ASSIGN_OR_RETURN(const auto value, parse(text));
    using Value = std::remove_cv_t<decltype(value)>;
    TM_RETURN_IF_ERROR(CheckRange<Value>(value, {range.min, range.max}, show));
    *target = static_cast<T>(value);
    return absl::OkStatus();
  };
}

}  // namespace

Environment SystemEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Options::Options(std::string service, std::string about)
    : service_(std::move(service)), about_(std::move(about)) {}

void Options::Declare(Option option) { options_.push_back(std::move(option)); }

std::string Options::Program() const {
  return absl::StrCat("tidemark", service_.empty() ? "" : "-", service_);
}

std::string Options::VariableOf(std::string_view name) const {
  const std::string text = absl::StrCat(Program(), "_", ToAbsl(name));
  return absl::AsciiStrToUpper(absl::StrReplaceAll(text, {{"-", "_"}}));
}

std::string Options::KeyOf(const Option& option) {
  return option.kind == Kind::kSecret ? option.name + "-file" : option.name;
}

std::string Options::HelpOf(const Option& option) const {
  std::string help = option.help;
  if (option.kind == Kind::kSecret) {
    absl::StrAppend(&help, " The secret itself may stand in ", VariableOf(option.name), ".");
  }
  if (option.required) {
    absl::StrAppend(&help, " Required.");
  } else if (option.kind != Kind::kSecret) {
    const std::string value = option.show();
    absl::StrAppend(&help, " Default: ", value.empty() ? "none" : value, ".");
  }
  return help;
}

std::vector<Flag> Options::Flags() const {
  std::vector<Flag> flags = {{"config", "FILE", "TOML file with options."}};
  for (const Option& option : options_) {
    flags.push_back({KeyOf(option), option.type, HelpOf(option), option.kind == Kind::kSwitch});
  }
  return flags;
}

void Options::Add(std::string name, std::string* target, Range<std::size_t> length,
                  std::string help) {
  Declare({std::move(name), "TEXT", std::move(help),
           [=](std::string_view text) -> absl::Status {
             if (text.size() < length.min || text.size() > length.max) {
               const bool one = length.min == length.max;
               return Fault(absl::StrCat(
                   "not ", one ? ShowInteger(length.min) : ShowRange(length, ShowInteger),
                   " bytes long"));
             }
             *target = text;
             return absl::OkStatus();
           },
           [=] { return *target; }});
}

void Options::Add(std::string name, std::int64_t* target, Range<std::int64_t> range,
                  std::string help) {
  Declare({std::move(name), absl::StrCat("NUMBER ", ShowRange(range, ShowInteger)), std::move(help),
           Ranged(target, range, ParseInteger, ShowInteger), [=] { return ShowInteger(*target); }});
}

void Options::Add(std::string name, int* target, Range<int> range, std::string help) {
  Declare({std::move(name), absl::StrCat("NUMBER ", ShowRange(range, ShowInteger)), std::move(help),
           Ranged(target, range, ParseInteger, ShowInteger), [=] { return ShowInteger(*target); }});
}

void Options::Add(std::string name, bool* target, std::string help) {
  Declare({std::move(name), "BOOLEAN", std::move(help),
           [=](std::string_view text) -> absl::Status {
             TM_ASSIGN_OR_RETURN(*target, ParseBool(text));
             return absl::OkStatus();
           },
           [=] { return *target ? "true" : "false"; }, Kind::kSwitch});
}

void Options::Add(std::string name, absl::Duration* target, Range<absl::Duration> range,
                  std::string help) {
  Declare({std::move(name), absl::StrCat("DURATION ", ShowRange(range, ShowDuration)),
           std::move(help), Ranged(target, range, ParseDuration, ShowDuration),
           [=] { return ShowDuration(*target); }});
}

void Options::Add(std::string name, Address* target, std::string help) {
  Declare({std::move(name), "HOST:PORT", std::move(help),
           [=](std::string_view text) -> absl::Status {
             TM_ASSIGN_OR_RETURN(*target, ParseAddress(text));
             return absl::OkStatus();
           },
           [=] { return FormatAddress(*target); }});
}

void Options::AddChoice(std::string name, std::string* target, std::vector<std::string> choices,
                        std::string help) {
  const std::string all = absl::StrJoin(choices, "|");
  Declare({std::move(name), all, std::move(help),
           [=, choices = std::move(choices)](std::string_view text) -> absl::Status {
             if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
               return Fault(absl::StrCat("not one of ", all));
             }
             *target = text;
             return absl::OkStatus();
           },
           [=] { return *target; }});
}

void Options::AddByteSize(std::string name, std::int64_t* target, Range<std::int64_t> range,
                          std::string help) {
  Declare({std::move(name), absl::StrCat("SIZE ", ShowRange(range, FormatByteSize)),
           std::move(help), Ranged(target, range, ParseByteSize, FormatByteSize),
           [=] { return FormatByteSize(*target); }});
}

void Options::AddSecret(std::string name, Secret* target, Presence presence, std::string help,
                        SecretRule rule) {
  Declare({std::move(name), "FILE", std::move(help),
           [=](std::string_view text) -> absl::Status {
             if (text.empty()) return Fault("empty");
             if (rule) TM_RETURN_IF_ERROR(rule(std::string(text)));
             *target = Secret(std::string(text));
             return absl::OkStatus();
           },
           [=] { return target->Reveal().empty() ? "" : "***"; }, Kind::kSecret,
           presence == Presence::kRequired});
}

void Options::AddKeyring(std::string name, std::optional<Keyring>* target, Presence presence,
                         std::string help) {
  Declare({std::move(name), "FILE", std::move(help),
           [=](std::string_view text) -> absl::Status {
             TM_ASSIGN_OR_RETURN(*target, Keyring::Parse(text));
             return absl::OkStatus();
           },
           [=] { return target->has_value() ? "***" : ""; }, Kind::kSecret,
           presence == Presence::kRequired});
}

void Options::AddCommand(std::string name, std::string help) {
  commands_.push_back({std::move(name), std::move(help)});
}

void Options::Check(std::function<absl::Status()> rule) { rules_.push_back(std::move(rule)); }

void Options::CheckToServe(std::function<absl::Status()> rule) {
  serving_rules_.push_back(std::move(rule));
}

}  // namespace tidemark::config

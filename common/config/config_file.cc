#include "common/config/config_file.h"

#include <toml++/toml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/base/units.h"

namespace tidemark::config {
namespace {

absl::Status Fault(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

absl::StatusOr<std::string> ScalarText(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return absl::StrCat(number->get());
  if (const auto* truth = node.as_boolean()) return std::string(truth->get() ? "true" : "false");
  return Fault("not a string, whole number or boolean");
}

absl::Status Collect(const toml::table& table, const std::string& prefix, Settings& settings) {
  for (const auto& [key, node] : table) {
    const std::string name = absl::StrCat(prefix, ToAbsl(key.str()));
    if (const toml::table* inner = node.as_table()) {
      TM_RETURN_IF_ERROR(Collect(*inner, name + ".", settings));
      continue;
    }
    absl::StatusOr<std::string> text = ScalarText(node);
    if (!text.ok()) {
      return Fault(absl::StrCat("line ", node.source().begin.line, ": ", name, ": ",
                                text.status().message()));
    }
    settings[name] = *std::move(text);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Settings> ParseSettings(std::string_view toml) {
  try {
    Settings settings;
    TM_RETURN_IF_ERROR(Collect(toml::parse(toml), "", settings));
    return settings;
  } catch (const toml::parse_error& error) {
    return Fault(
        absl::StrCat("line ", error.source().begin.line, ": ", ToAbsl(error.description())));
  }
}

absl::StatusOr<Settings> ReadSettings(const std::string& path) {
  TM_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ParseSettings(text);
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fault(absl::StrCat("can't be opened: ", std::strerror(errno)));
  std::string text(kMiB + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (!file && !file.eof())) return Fault("can't be read");
  if (file.gcount() > kMiB) return Fault("larger than 1MiB");
  text.resize(file.gcount());
  return text;
}

}  // namespace tidemark::config

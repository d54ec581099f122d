#include "common/aws/credentials_file.h"

#include <cerrno>
#include <fstream>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/base/units.h"

namespace tidemark::aws {
namespace {

constexpr std::streamsize kMaxFileBytes = kMiB;

std::string_view Trim(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

// Reads line by line into a list of profiles; complete ones are checked when the next one starts.
class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source) {}

  absl::Status Line(std::string_view line) {
    ++line_;
    const std::string_view text = Trim(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') return absl::OkStatus();
    if (line.front() == ' ' || line.front() == '\t') {
      return settings_.empty() ? Fault("is indented, but there is no setting above it")
                               : absl::OkStatus();
    }
    return text.front() == '[' ? Section(text) : Setting(text);
  }

  absl::StatusOr<std::vector<CredentialsProfile>> Finish() {
    TM_RETURN_IF_ERROR(EndProfile());
    return std::move(profiles_);
  }

 private:
  absl::Status Section(std::string_view text) {
    TM_RETURN_IF_ERROR(EndProfile());
    if (text.back() != ']') return Fault("opens a section without ']'");
    const std::string_view name = Trim(text.substr(1, text.size() - 2));
    if (name.empty()) return Fault("names an empty profile");
    if (!names_.emplace(name).second) return Fault("names a profile for the second time");
    profile_ = {.name = std::string(name), .credentials = {}};
    return absl::OkStatus();
  }

  absl::Status Setting(std::string_view text) {
    if (profile_.name.empty()) return Fault("stands before the first [profile]");
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return Fault("is not 'name = value'");
    std::string name = absl::AsciiStrToLower(ToAbsl(Trim(text.substr(0, equals))));
    std::string value(Trim(text.substr(equals + 1)));
    if (name.empty()) return Fault("has no name before '='");
    if (!settings_.insert(name).second) return Fault("gives a setting for the second time");
    if (name == "aws_access_key_id") {
      if (!IsAccessKeyId(value)) return Fault("is not an access key id");
      profile_.credentials.access_key_id = std::move(value);
    } else if (name == "aws_secret_access_key") {
      if (value.empty()) return Fault("is an empty secret");
      profile_.credentials.secret_access_key = Secret(std::move(value));
    } else if (name == "aws_session_token") {
      profile_.credentials.session_token = Secret(std::move(value));
    }
    return absl::OkStatus();
  }

  absl::Status EndProfile() {
    const Credentials& credentials = profile_.credentials;
    const bool has_id = !credentials.access_key_id.empty();
    const bool has_secret = !credentials.secret_access_key.empty();
    if (has_id != has_secret) {
      return Fault(absl::StrCat("ends profile ", profile_.name, ", which has no ",
                                has_id ? "aws_secret_access_key" : "aws_access_key_id"));
    }
    if (has_id) profiles_.push_back(std::move(profile_));
    profile_ = {};
    settings_.clear();
    return absl::OkStatus();
  }

  absl::Status Fault(std::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(ToAbsl(source_), ": line ", line_, " ", ToAbsl(what)));
  }

  const std::string_view source_;
  int line_ = 0;
  CredentialsProfile profile_;      // the one being read; without a name before the first
  std::set<std::string> settings_;  // its settings so far
  std::set<std::string, std::less<>> names_;
  std::vector<CredentialsProfile> profiles_;
};

}  // namespace

absl::StatusOr<std::vector<CredentialsProfile>> ParseCredentialsFile(std::string_view text,
                                                                     std::string_view source) {
  static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Parser parser(source);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    TM_RETURN_IF_ERROR(parser.Line(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parser.Finish();
}

absl::StatusOr<std::vector<CredentialsProfile>> LoadCredentialsFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("can't read ", path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), kMaxFileBytes + 1);
  if (file.bad() || (file.gcount() == 0 && !file.eof())) {
    return absl::InvalidArgumentError(absl::StrCat("can't read ", path));
  }
  if (file.gcount() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is over 1 MiB"));
  }
  return ParseCredentialsFile(std::string_view(text).substr(0, file.gcount()), path);
}

}  // namespace tidemark::aws

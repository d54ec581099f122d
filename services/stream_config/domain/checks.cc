#include "services/stream_config/domain/checks.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/characters.h"
#include "services/stream_config/domain/text.h"

namespace tidemark::stream_config {
namespace {

constexpr std::size_t kMaxDisplayName = 128;
constexpr std::size_t kMaxStreamName = 128;
constexpr std::size_t kMinRoleArn = 20;
constexpr std::size_t kMaxRoleArn = 2048;
constexpr std::size_t kMaxArn = 512;
constexpr std::size_t kMaxApplications = 16;
constexpr std::size_t kMaxEvents = 1;
constexpr std::size_t kMaxReason = 1024;

std::string Quote(std::string_view value) { return absl::StrCat("'", errors::Excerpt(value), "'"); }

std::string Path(std::string_view parent, std::string_view child) {
  return parent.empty() ? std::string(child) : absl::StrCat(ToAbsl(parent), ".", ToAbsl(child));
}

// Whether `value` has between `least` and `most` characters.
bool CheckLength(std::string_view field, std::string_view value, std::size_t least,
                 std::size_t most, errors::Violations& violations) {
  const std::size_t size = CountCharacters(value);
  if (size >= least && size <= most) return true;
  violations.Add(field, absl::StrCat(Quote(value), " has ", size, " characters: ", least, " to ",
                                     most, " are allowed"));
  return false;
}

// Any text but U+0000, which PostgreSQL's text can't hold.
void CheckText(std::string_view field, std::string_view value, std::size_t least, std::size_t most,
               errors::Violations& violations) {
  if (!CheckLength(field, value, least, most, violations)) return;
  if (value.find('\0') != std::string_view::npos) violations.Add(field, "contains U+0000");
}

// Whether `value` is as long as allowed and `matches`.
template <typename Predicate>
bool CheckShape(std::string_view field, std::string_view value, std::size_t least, std::size_t most,
                std::string_view pattern, Predicate matches, errors::Violations& violations) {
  if (!CheckLength(field, value, least, most, violations)) return false;
  if (matches(value)) return true;
  violations.Add(field, absl::StrCat(Quote(value), " does not match ", ToAbsl(pattern)));
  return false;
}

// Whether `arn`, which is one, is of the installation's region.
bool CheckRegion(std::string_view field, std::string_view arn, std::string_view region,
                 errors::Violations& violations) {
  if (RegionOf(arn) == region) return true;
  violations.Add(field, absl::StrCat("'", ToAbsl(RegionOf(arn)),
                                     "' is not the region of this "
                                     "installation, '",
                                     ToAbsl(region), "'"));
  return false;
}

void CheckLimit(std::string_view parent, std::string_view name, std::int64_t value,
                std::int64_t least, std::int64_t most, errors::Violations& violations) {
  if (value == 0 || (value >= least && value <= most)) return;
  violations.Add(Path(parent, name),
                 absl::StrCat(value, " is not 0 (the default) or ", least, " to ", most));
}

}  // namespace

void CheckDisplayName(std::string_view field, std::string_view name,
                      errors::Violations& violations) {
  CheckText(field, name, 0, kMaxDisplayName, violations);
}

void CheckStreamName(std::string_view field, std::string_view name,
                     errors::Violations& violations) {
  if (name.empty()) return;
  CheckShape(
      field, name, 1, kMaxStreamName, "[a-zA-Z0-9_.-]+",
      [](std::string_view text) {
        return IsRunOf(text, [](char c) { return IsWord(c) || c == '.' || c == '-'; });
      },
      violations);
}

void CheckRoleArn(std::string_view field, std::string_view arn, errors::Violations& violations) {
  if (arn.empty()) return;
  CheckShape(field, arn, kMinRoleArn, kMaxRoleArn, "arn:aws:iam::\\d+:role/.*", IsRoleArn,
             violations);
}

void CheckPush(std::string_view field, const PushSettings& push, std::string_view region,
               errors::Violations& violations) {
  const std::string arns = Path(field, "application_arns");
  if (push.application_arns.size() > kMaxApplications) {
    violations.Add(arns, absl::StrCat(push.application_arns.size(), " entries: 0 to ",
                                      kMaxApplications, " are allowed"));
  }
  const std::string_view account = AccountOf(push.role_arn);
  for (std::size_t i = 0; i < push.application_arns.size(); ++i) {
    const std::string& arn = push.application_arns[i];
    const std::string entry = absl::StrCat(arns, "[", i, "]");
    const bool usable = CheckShape(entry, arn, 1, kMaxArn,
                                   "arn:aws:sns:[-0-9a-z]+:\\d+:app/[A-Z_]+/[a-zA-Z0-9_.-]+",
                                   IsApplicationArn, violations) &&
                        CheckRegion(entry, arn, region, violations);
    if (usable && !account.empty() && AccountOf(arn) != account) {
      violations.Add(entry, absl::StrCat("'", ToAbsl(AccountOf(arn)),
                                         "' is not the account of the "
                                         "role, '",
                                         ToAbsl(account), "'"));
    }
  }
  CheckRoleArn(Path(field, "role_arn"), push.role_arn, violations);
}

void CheckEvents(std::string_view field, const std::map<std::string, std::string>& events,
                 std::string_view region, errors::Violations& violations) {
  const std::string functions = Path(field, "functions");
  if (events.size() > kMaxEvents) {
    violations.Add(functions,
                   absl::StrCat(events.size(), " entries: 0 to ", kMaxEvents, " are allowed"));
  }
  for (const auto& [type, arn] : events) {
    if (type != kSyncTrigger) {
      violations.Add(functions,
                     absl::StrCat(Quote(type), " is no event type; ", ToAbsl(kSyncTrigger), " is"));
      continue;
    }
    if (arn.empty()) continue;  // stands for no entry
    const std::string entry = absl::StrCat(functions, "[", type, "]");
    const bool shaped = CheckShape(entry, arn, 1, kMaxArn,
                                   "arn:aws:lambda:[-0-9a-z]+:\\d+:function:[\\w-]+(:[\\w$-]+)?",
                                   IsFunctionArn, violations);
    if (shaped) CheckRegion(entry, arn, region, violations);
  }
}

void CheckLimits(std::string_view field, const Limits& limits, errors::Violations& violations) {
  CheckLimit(field, "datasets_per_identity", limits.datasets_per_identity, 1, 1000, violations);
  CheckLimit(field, "records_per_dataset", limits.records_per_dataset, 1, 16384, violations);
  CheckLimit(field, "bytes_per_dataset", limits.bytes_per_dataset, 1024, 16777216, violations);
  CheckLimit(field, "keys_per_dataset", limits.keys_per_dataset, 1, 65536, violations);
  CheckLimit(field, "dataset_names_per_identity", limits.dataset_names_per_identity, 1, 10000,
             violations);
}

void CheckReason(std::string_view field, std::string_view reason, errors::Violations& violations) {
  CheckText(field, reason, 1, kMaxReason, violations);
}

}  // namespace tidemark::stream_config

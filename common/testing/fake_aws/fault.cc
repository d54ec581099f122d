#include "common/testing/fake_aws/fault.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;
using Kind = Fault::Kind;

constexpr std::array<std::pair<const char*, Kind>, 8> kKinds = {
    {{"delay", Kind::kDelay},
     {"error", Kind::kError},
     {"records", Kind::kRecords},
     {"reset", Kind::kReset},
     {"hang", Kind::kHang},
     {"garbage", Kind::kGarbage},
     {"cut", Kind::kCut},
     {"loseAnswer", Kind::kLoseAnswer}}};

absl::Status SetKind(const std::string& name, Fault& fault) {
  for (const auto& [known, kind] : kKinds) {
    if (name == known) {
      fault.kind = kind;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown kind of fault: ", name));
}

// Throws json::exception for a value of the wrong type.
absl::Status SetMember(const std::string& name, const json& value, Fault& fault) {
  if (name == "kind") return SetKind(value.get<std::string>(), fault);
  if (name == "service") {
    value.get_to(fault.service);
  } else if (name == "operation") {
    value.get_to(fault.operation);
  } else if (name == "resource") {
    value.get_to(fault.resource);
  } else if (name == "skip") {
    value.get_to(fault.skip);
  } else if (name == "times") {
    value.get_to(fault.times);
  } else if (name == "delay") {
    fault.delay = absl::Seconds(value.get<double>());
  } else if (name == "lasts") {
    fault.lasts = absl::Seconds(value.get<double>());
  } else if (name == "status") {
    value.get_to(fault.status);
  } else if (name == "code") {
    value.get_to(fault.code);
  } else if (name == "message") {
    value.get_to(fault.message);
  } else if (name == "fraction") {
    value.get_to(fault.fraction);
  } else if (name == "indexes") {
    value.get_to(fault.indexes);
  } else if (name == "keys") {
    value.get_to(fault.keys);
  } else {
    return absl::InvalidArgumentError(absl::StrCat("unknown member of a fault: ", name));
  }
  return absl::OkStatus();
}

absl::StatusOr<Fault> ParseFault(const json& object) {
  Fault fault;
  try {
    for (const auto& [name, value] : object.items()) {
      TM_RETURN_IF_ERROR(SetMember(name, value, fault));
    }
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (!object.contains("kind")) return absl::InvalidArgumentError("a fault without kind");
  return fault;
}

bool Matches(const std::string& wanted, std::string_view value) {
  return wanted.empty() || wanted == value;
}

// Of "BUCKET/KEY" also its start, of a role's ARN also its name.
bool MatchesResource(const std::string& wanted, std::string_view value) {
  return Matches(wanted, value) || value.starts_with(wanted + "/") || value.ends_with("/" + wanted);
}

}  // namespace

void FaultScript::Add(Fault fault) {
  const std::lock_guard lock(mutex_);
  const absl::Time until = clock_.Now() + fault.lasts;
  faults_.push_back({std::move(fault), until});
}

void FaultScript::Clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

void FaultScript::Reset() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
  struck_ = 0;
}

std::optional<Fault> FaultScript::Next(std::string_view service, std::string_view operation,
                                       std::string_view resource) {
  const std::lock_guard lock(mutex_);
  const absl::Time now = clock_.Now();
  std::erase_if(faults_, [now](const Pending& pending) { return now >= pending.until; });
  for (auto at = faults_.begin(); at != faults_.end(); ++at) {
    Fault& fault = at->fault;
    if (!Matches(fault.service, service) || !Matches(fault.operation, operation) ||
        !MatchesResource(fault.resource, resource)) {
      continue;
    }
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    ++struck_;
    Fault strikes = fault;
    if (fault.times > 0 && --fault.times == 0) faults_.erase(at);
    return strikes;
  }
  return std::nullopt;
}

int FaultScript::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

int FaultScript::pending() const {
  const absl::Time now = clock_.Now();
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::count_if(faults_.begin(), faults_.end(),
                    [now](const Pending& pending) { return now < pending.until; }));
}

absl::StatusOr<std::vector<Fault>> ParseFaults(std::string_view text) {
  const json script = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!script.is_object() || script.size() != 1 || !script.contains("faults") ||
      !script.at("faults").is_array()) {
    return absl::InvalidArgumentError(R"(a script is {"faults": [...]})");
  }
  std::vector<Fault> faults;
  for (const json& object : script.at("faults")) {
    if (!object.is_object()) return absl::InvalidArgumentError("a fault must be an object");
    TM_ASSIGN_OR_RETURN(Fault fault, ParseFault(object));
    faults.push_back(std::move(fault));
  }
  return faults;
}

}  // namespace tidemark::fake_aws

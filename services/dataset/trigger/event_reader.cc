#include "services/dataset/trigger/event_reader.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/abseil.h"
#include "common/errors/violations.h"
#include "services/dataset/domain/checks.h"

namespace tidemark::dataset {
namespace {

constexpr std::string_view kVersion = "version";
constexpr std::string_view kRecordsMember = "datasetRecords";
constexpr std::string_view kOldValue = "oldValue";
constexpr std::string_view kNewValue = "newValue";
constexpr std::string_view kOp = "op";
constexpr std::string_view kReplace = "replace";
constexpr std::string_view kRemove = "remove";
// More than these tell a developer nothing.
constexpr std::size_t kMaxFaults = 8;

std::string Quoted(std::string_view text) { return absl::StrCat("'", errors::Excerpt(text), "'"); }

}  // namespace

absl::StatusOr<TriggerOutput> EventReader::Read(std::string_view json) {
  const bool whole = nlohmann::json::sax_parse(json.begin(), json.end(), this);
  depth_ = kNone;
  if (whole && !members_.contains(std::string(kRecordsMember))) {
    Fault("has no datasetRecords; an object of records by key");
  }
  if (faults_.empty()) return std::move(output_);
  return absl::InvalidArgumentError(absl::StrJoin(faults_, "; "));
}

bool EventReader::start_object(std::size_t) {
  if (depth_ == kRecord || (depth_ == kEvent && member_ != kRecordsMember)) {
    return WrongShape("an object");
  }
  ++depth_;
  return true;
}

bool EventReader::key(std::string& name) {
  if (depth_ == kRecords) return BeginEntry(name);
  member_ = name;
  std::set<std::string>& members = depth_ == kEvent ? members_ : entry_.members;
  if (!members.insert(name).second) return Fault("occurs twice");
  const bool known = depth_ == kEvent
                         ? name == kVersion || name == kRecordsMember || fixed_.contains(name)
                         : name == kOldValue || name == kNewValue || name == kOp;
  if (known) return true;
  return Fault("is no field of the event; remove it");
}

bool EventReader::BeginEntry(const std::string& key) {
  entry_ = {.key = key, .members = {}, .removes = false, .new_value = std::nullopt};
  member_.clear();
  errors::Violations violations;
  CheckKey("key", key, violations);
  for (const auto& violation : errors::ViolationsOf(violations.ToStatus())) {
    if (!Fault(absl::StrCat("its key ", violation.description))) return false;
  }
  if (output_.contains(key)) return Fault("occurs twice");
  output_.emplace(key, std::nullopt);
  if (output_.size() <= kMaxPatches) return true;
  Fault(absl::StrCat("is one too many; at most ", kMaxPatches, " records"));
  return false;
}

bool EventReader::end_object() {
  if (depth_ == kRecord && !FinishEntry()) return false;
  --depth_;
  return true;
}

bool EventReader::FinishEntry() {
  member_.clear();
  if (!entry_.members.contains(std::string(kOp))) {
    return Fault("has no op; replace or remove");
  }
  if (entry_.removes) return true;
  if (!entry_.members.contains(std::string(kNewValue))) {
    return Fault("has no newValue; text, or null to remove the record");
  }
  output_[entry_.key] = std::move(entry_.new_value);
  return true;
}

bool EventReader::Value(const Scalar& value) {
  if (depth_ == kEvent && member_ != kRecordsMember) return EventValue(value);
  if (depth_ == kRecord) return EntryValue(value);
  return WrongShape(value.kind == Kind::kText ? Quoted(value.text) : std::string(value.text));
}

bool EventReader::EventValue(const Scalar& value) {
  if (member_ == kVersion) {
    if (value.kind == Kind::kNumber && value.text == "2") return true;
    return Fault(absl::StrCat("is ", Quoted(value.text), "; it was 2 and may not change"));
  }
  const auto fixed = fixed_.find(member_);
  if (fixed == fixed_.end()) return true;  // its name was a fault
  if (value.kind == Kind::kText && value.text == fixed->second) return true;
  return Fault(absl::StrCat("is ", Quoted(value.text), "; it was ", Quoted(fixed->second),
                            " and may not change"));
}

bool EventReader::EntryValue(const Scalar& value) {
  if (member_ == kOp) {
    entry_.removes = value.kind == Kind::kText && value.text == kRemove;
    if (entry_.removes || (value.kind == Kind::kText && value.text == kReplace)) return true;
    return Fault(absl::StrCat("is ", Quoted(value.text), "; replace or remove"));
  }
  if (member_ != kNewValue && member_ != kOldValue) return true;  // its name was a fault
  if (value.kind == Kind::kNull) return true;
  if (value.kind != Kind::kText) {
    return Fault(absl::StrCat("is ", ToAbsl(errors::Excerpt(value.text)), "; text or null"));
  }
  if (member_ == kOldValue) return true;
  errors::Violations violations;
  CheckValue("value", value.text, violations);
  for (const auto& violation : errors::ViolationsOf(violations.ToStatus())) {
    return Fault(violation.description);
  }
  entry_.new_value = value.text;
  return true;
}

bool EventReader::parse_error(std::size_t position, const std::string&,
                              const nlohmann::json::exception&) {
  depth_ = kNone;
  Fault(absl::StrCat("is no JSON from byte ", position, " on"));
  return false;
}

bool EventReader::WrongShape(std::string_view what) {
  constexpr std::string_view kExpected[] = {
      "an event, which is an object", "an object of records by key",
      "an object with oldValue, newValue and op", "text or null"};
  const bool is_field = depth_ == kEvent && member_ != kRecordsMember;
  Fault(absl::StrCat("is ", ToAbsl(what), ", not ",
                     ToAbsl(is_field ? "what it was" : kExpected[depth_])));
  return false;
}

bool EventReader::Fault(std::string_view what) {
  faults_.push_back(absl::StrCat(Path(), " ", ToAbsl(what)));
  return faults_.size() < kMaxFaults;
}

std::string EventReader::Path() const {
  if (depth_ == kNone) return "the output";
  if (depth_ == kEvent) return errors::Excerpt(member_);
  std::string path = absl::StrCat(ToAbsl(kRecordsMember), "[", Quoted(entry_.key), "]");
  if (depth_ == kRecord && !member_.empty()) absl::StrAppend(&path, ".", errors::Excerpt(member_));
  return path;
}

}  // namespace tidemark::dataset

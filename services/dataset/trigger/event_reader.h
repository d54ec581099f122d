#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/dataset/domain/trigger.h"

namespace tidemark::dataset {

// Reads one event that a function returned, as ReadEvent says, in one pass: whatever the function
// sends, no more is kept than records. Faults are noted and reading goes on, save where the shape
// is another than an event's.
class EventReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  // `fixed`: the text of the fields that may not change.
  explicit EventReader(std::map<std::string_view, std::string_view> fixed)
      : fixed_(std::move(fixed)) {}

  absl::StatusOr<TriggerOutput> Read(std::string_view json);

  bool null() override { return Value({Kind::kNull, "null"}); }
  bool boolean(bool value) override { return Value({Kind::kOther, value ? "true" : "false"}); }
  bool number_integer(std::int64_t value) override { return Number(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) override { return Number(std::to_string(value)); }
  bool number_float(double value, const std::string& text) override {
    return Number(value == 2 ? "2" : text);
  }
  bool string(std::string& value) override { return Value({Kind::kText, value}); }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // JSON has none
  bool key(std::string& name) override;
  bool start_object(std::size_t) override;
  bool end_object() override;
  bool start_array(std::size_t) override { return WrongShape("a list"); }
  bool end_array() override { return false; }  // none was begun
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception& error) override;

 private:
  enum class Kind { kNull, kText, kNumber, kOther };
  struct Scalar {
    Kind kind;
    std::string_view text;
  };

  // The record that is being read.
  struct Entry {
    std::string key;
    std::set<std::string> members;
    bool removes = false;
    std::optional<std::string> new_value;
  };

  // How many objects are open: of the event, of datasetRecords, of a record.
  enum Depth { kNone, kEvent, kRecords, kRecord };

  // These return false if it is no use to read on.
  bool Number(const std::string& text) { return Value({Kind::kNumber, text}); }
  bool Value(const Scalar& value);
  bool EventValue(const Scalar& value);
  bool EntryValue(const Scalar& value);
  bool BeginEntry(const std::string& key);
  bool FinishEntry();
  bool WrongShape(std::string_view what);
  bool Fault(std::string_view what);

  // Of what is being read, for faults.
  std::string Path() const;

  const std::map<std::string_view, std::string_view> fixed_;
  int depth_ = kNone;
  std::string member_;             // of the event or of a record
  std::set<std::string> members_;  // of the event
  Entry entry_;
  TriggerOutput output_;
  std::vector<std::string> faults_;
};

}  // namespace tidemark::dataset

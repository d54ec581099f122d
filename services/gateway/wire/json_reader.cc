#include "services/gateway/wire/json_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "services/gateway/wire/amazon_error.h"

namespace tidemark::gateway {
namespace {

// The largest whole numbers of which a double knows the neighbours.
constexpr double kMaxExactDouble = 9007199254740992.0;
constexpr double kMinSeconds = -62'135'596'800.0;
constexpr double kMaxSeconds = 253'402'300'799.0;

// Feeds the parser's events to readers. The names are nlohmann's (json_sax).
class Events {
 public:
  explicit Events(ValueReader& root) : root_(root) {}

  const absl::Status& status() const { return status_; }

  // NOLINTBEGIN(readability-identifier-naming): called by the parser
  bool null() {
    return Scalar([](ValueReader& reader) { return reader.OnNull(); });
  }
  bool boolean(bool) {
    return Scalar([](ValueReader& reader) { return reader.Unexpected(); });
  }
  bool number_integer(std::int64_t number) { return Number({static_cast<double>(number), number}); }
  bool number_unsigned(std::uint64_t number) {
    const auto value = static_cast<double>(number);
    if (number > std::numeric_limits<std::int64_t>::max()) return Number({value, std::nullopt});
    return Number({value, static_cast<std::int64_t>(number)});
  }
  bool number_float(double number, const std::string&) {
    if (std::trunc(number) != number || std::abs(number) > kMaxExactDouble) {
      return Number({number, std::nullopt});
    }
    return Number({number, static_cast<std::int64_t>(number)});
  }
  bool string(std::string& text) {
    return Scalar([&text](ValueReader& reader) { return reader.OnText(std::move(text)); });
  }
  bool binary(const std::vector<std::uint8_t>&) { return false; }  // not in JSON

  bool start_object(std::size_t) { return Begin(/*array=*/false); }
  bool key(std::string& name) {
    Level& level = levels_.back();
    level.member = name;
    level.next = nullptr;
    if (level.reader == nullptr) return true;
    const auto next = level.reader->OnMember(name);
    if (next.ok()) level.next = *next;
    return Check(next.status());
  }
  bool end_object() { return End(); }
  bool start_array(std::size_t) { return Begin(/*array=*/true); }
  bool end_array() { return End(); }

  bool parse_error(std::size_t byte, const std::string&, const nlohmann::json::exception&) {
    status_ = WireError(ErrorName::kSerialization,
                        absl::StrCat("the body is not valid JSON in UTF-8 at byte ", byte));
    return false;
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  // An object or array that has begun.
  struct Level {
    ValueReader* reader;  // null: passed over
    bool array;
    std::string member{};         // whose value comes, in an object
    std::int64_t index = -1;      // of the element that comes, in an array
    ValueReader* next = nullptr;  // takes that value
  };

  // Who takes the value that begins now; null: nobody.
  ValueReader* Target() {
    if (levels_.empty()) return &root_;
    Level& level = levels_.back();
    if (level.array) {
      ++level.index;
      level.next = level.reader == nullptr ? nullptr : level.reader->OnElement();
    }
    return level.next;
  }

  template <typename Give>
  bool Scalar(Give give) {
    ValueReader* const reader = Target();
    return reader == nullptr || Check(give(*reader));
  }

  bool Number(JsonNumber number) {
    return Scalar([number](ValueReader& reader) { return reader.OnNumber(number); });
  }

  bool Begin(bool array) {
    ValueReader* const reader = Target();
    if (levels_.size() == kMaxJsonDepth) {
      return Check(absl::InvalidArgumentError(
          absl::StrCat("nested deeper than ", kMaxJsonDepth, " levels")));
    }
    if (reader != nullptr && !Check(array ? reader->OnArray() : reader->OnObject())) return false;
    levels_.push_back({reader, array});
    return true;
  }

  bool End() {
    ValueReader* const reader = levels_.back().reader;
    levels_.pop_back();
    return reader == nullptr || Check(reader->OnEnd());
  }

  bool Check(const absl::Status& status) {
    if (status.ok()) return true;
    const ErrorName name =
        absl::IsOutOfRange(status) ? ErrorName::kInvalidParameter : ErrorName::kSerialization;
    status_ = WireError(name, absl::StrCat(Path(), ": ", status.message()));
    return false;
  }

  // Where the parser is: `RecordPatches[3].SyncCount`.
  std::string Path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.array) {
        absl::StrAppend(&path, "[", level.index, "]");
      } else if (level.next != nullptr || level.reader != nullptr) {
        absl::StrAppend(&path, path.empty() ? "" : ".", level.member);
      }
    }
    return path.empty() ? "the body" : path;
  }

  ValueReader& root_;
  std::vector<Level> levels_;
  absl::Status status_;
};

}  // namespace

absl::Status ValueReader::Unexpected() const {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(expected()), " is expected"));
}

absl::Status ValueReader::OnText(std::string text) { return Unexpected(); }
absl::Status ValueReader::OnNumber(JsonNumber number) { return Unexpected(); }
absl::Status ValueReader::OnObject() { return Unexpected(); }
absl::Status ValueReader::OnArray() { return Unexpected(); }

absl::Status TextReader::OnText(std::string text) {
  value = std::move(text);
  return absl::OkStatus();
}

absl::Status IntegerReader::OnNumber(JsonNumber number) {
  if (!number.integer) return Unexpected();
  value = *number.integer;
  return absl::OkStatus();
}

absl::Status TimeReader::OnNumber(JsonNumber number) {
  if (!(number.value >= kMinSeconds && number.value <= kMaxSeconds)) return Unexpected();
  value = absl::FromUnixMillis(std::llround(number.value * 1000.0));
  return absl::OkStatus();
}

absl::Status TextListReader::OnArray() {
  value.emplace();
  return absl::OkStatus();
}

absl::Status TextListReader::Element::OnText(std::string text) {
  list.value->push_back(std::move(text));
  return absl::OkStatus();
}

absl::Status StructReader::OnObject() {
  present_ = true;
  seen_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<ValueReader*> StructReader::OnMember(std::string_view name) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].first != name) continue;
    const std::uint64_t bit = std::uint64_t{1} << i;
    if ((seen_ & bit) != 0) return absl::InvalidArgumentError("occurs twice");
    seen_ |= bit;
    return members_[i].second;
  }
  return nullptr;
}

absl::Status ReadJson(std::string_view text, ValueReader& root) {
  if (std::ranges::all_of(text, [](char c) { return absl::ascii_isspace(c); })) {
    return absl::OkStatus();
  }
  Events events(root);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &events)) return absl::OkStatus();
  return events.status();
}

}  // namespace tidemark::gateway

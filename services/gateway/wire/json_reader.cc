#include "services/gateway/wire/json_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "services/gateway/wire/amazon_error.h"

namespace tidemark::gateway {
namespace {

using Error = boost::system::error_code;
using Text = boost::json::string_view;

// The largest whole numbers of which a double knows the neighbours.
constexpr double kMaxExactDouble = 9007199254740992.0;
constexpr double kMinSeconds = -62'135'596'800.0;
constexpr double kMaxSeconds = 253'402'300'799.0;

// Feeds the parser's events to readers. Names and constants are the parser's
// (boost::json::basic_parser); each event returns whether to go on.
class Events {
 public:
  explicit Events(ValueReader& root) : root_(root) {}

  const absl::Status& status() const { return status_; }

  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error& error) { return Begin(/*array=*/false, error); }
  bool on_object_end(std::size_t, Error& error) { return End(error); }
  bool on_array_begin(Error& error) { return Begin(/*array=*/true, error); }
  bool on_array_end(std::size_t, Error& error) { return End(error); }

  bool on_key_part(Text part, std::size_t, Error&) { return Collect(part); }
  bool on_key(Text part, std::size_t, Error& error) {
    Collect(part);
    Level& level = levels_.back();
    level.member = std::exchange(text_, {});
    level.next = nullptr;
    if (level.reader == nullptr) return true;
    const auto next = level.reader->OnMember(level.member);
    if (next.ok()) level.next = *next;
    return Check(next.status(), error);
  }

  bool on_string_part(Text part, std::size_t, Error&) { return Collect(part); }
  bool on_string(Text part, std::size_t, Error& error) {
    Collect(part);
    std::string text = std::exchange(text_, {});
    return Scalar([&text](ValueReader& reader) { return reader.OnText(std::move(text)); }, error);
  }

  bool on_number_part(Text, Error&) { return true; }
  bool on_int64(std::int64_t number, Text, Error& error) {
    return Number({static_cast<double>(number), number}, error);
  }
  bool on_uint64(std::uint64_t number, Text, Error& error) {  // beyond the other's range
    return Number({static_cast<double>(number), std::nullopt}, error);
  }
  bool on_double(double number, Text, Error& error) {
    if (std::trunc(number) != number || std::abs(number) > kMaxExactDouble) {
      return Number({number, std::nullopt}, error);
    }
    return Number({number, static_cast<std::int64_t>(number)}, error);
  }

  bool on_bool(bool, Error& error) {
    return Scalar([](ValueReader& reader) { return reader.Unexpected(); }, error);
  }
  bool on_null(Error& error) {
    return Scalar([](ValueReader& reader) { return reader.OnNull(); }, error);
  }

  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }

 private:
  // An object or array that has begun.
  struct Level {
    ValueReader* reader;  // null: passed over
    bool array;
    std::string member{};         // whose value comes, in an object
    std::int64_t index = -1;      // of the element that comes, in an array
    ValueReader* next = nullptr;  // takes that value
  };

  bool Collect(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }

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
  bool Scalar(Give give, Error& error) {
    ValueReader* const reader = Target();
    return reader == nullptr || Check(give(*reader), error);
  }

  bool Number(JsonNumber number, Error& error) {
    return Scalar([number](ValueReader& reader) { return reader.OnNumber(number); }, error);
  }

  bool Begin(bool array, Error& error) {
    ValueReader* const reader = Target();
    if (reader != nullptr && !Check(array ? reader->OnArray() : reader->OnObject(), error)) {
      return false;
    }
    levels_.push_back({reader, array});
    return true;
  }

  bool End(Error& error) {
    ValueReader* const reader = levels_.back().reader;
    levels_.pop_back();
    return reader == nullptr || Check(reader->OnEnd(), error);
  }

  bool Check(const absl::Status& status, Error& error) {
    if (status.ok()) return true;
    const ErrorName name =
        absl::IsOutOfRange(status) ? ErrorName::kInvalidParameter : ErrorName::kSerialization;
    status_ = WireError(name, absl::StrCat(Path(), ": ", status.message()));
    error = boost::system::errc::make_error_code(boost::system::errc::operation_canceled);
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
  std::string text_;  // of the key or string that is being read
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
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  boost::json::basic_parser<Events> parser(options, root);
  Error error;
  const std::size_t used = parser.write_some(/*more=*/false, text.data(), text.size(), error);
  if (!parser.handler().status().ok()) return parser.handler().status();
  if (!error && used < text.size()) error = boost::json::error::extra_data;
  if (!error) return absl::OkStatus();
  return WireError(
      ErrorName::kSerialization,
      absl::StrCat("the body is not valid JSON: ", error.message(), " at byte ", used));
}

}  // namespace tidemark::gateway

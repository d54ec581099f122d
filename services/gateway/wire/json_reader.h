#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Reads JSON bodies the way Amazon's services do: members that an operation does not have are
// passed over, null means absent, and a value of a wrong type is a SerializationException. Strict
// otherwise: valid UTF-8, no lone surrogates, a bounded depth, no wanted member twice. Of what is
// passed over no more than one string is stored at a time.
//
// A codec describes its body by readers, one for each value it wants:
//
//   struct TokenBody final : StructReader {
//     TokenBody() : StructReader({{"Platform", &platform}, {"Token", &token}}) {}
//     TextReader platform, token;
//   } body;
//   TM_RETURN_IF_ERROR(ReadJson(text, body));
namespace tidemark::gateway {

// Arrays and objects within each other.
inline constexpr int kMaxJsonDepth = 32;

struct JsonNumber {
  double value;
  std::optional<std::int64_t> integer;  // if it is a whole number of 64 bits
};

// Takes one JSON value. What a reader does not override it refuses; the error names what it
// expects, and ReadJson adds where. An OUT_OF_RANGE becomes an InvalidParameterException, other
// errors SerializationExceptions.
class ValueReader {
 public:
  virtual ~ValueReader() = default;

  // "a string", for error texts.
  virtual std::string_view expected() const = 0;

  virtual absl::Status OnNull() { return absl::OkStatus(); }
  virtual absl::Status OnText(std::string text);
  virtual absl::Status OnNumber(JsonNumber number);

  // Objects: OnMember gives the reader of a member's value, or null to pass over it.
  virtual absl::Status OnObject();
  virtual absl::StatusOr<ValueReader*> OnMember(std::string_view name) { return nullptr; }
  // Arrays: OnElement gives the reader of the next element.
  virtual absl::Status OnArray();
  virtual ValueReader* OnElement() { return nullptr; }
  // The object or array is complete.
  virtual absl::Status OnEnd() { return absl::OkStatus(); }

  // The error that something else is expected.
  absl::Status Unexpected() const;
};

class TextReader final : public ValueReader {
 public:
  std::optional<std::string> value;

  std::string_view expected() const override { return "a string"; }
  absl::Status OnText(std::string text) override;
};

// A whole number of 64 bits; 3.0 and 3e0 are 3.
class IntegerReader final : public ValueReader {
 public:
  std::optional<std::int64_t> value;

  std::string_view expected() const override { return "a whole number of 64 bits"; }
  absl::Status OnNumber(JsonNumber number) override;
};

// Seconds since 1970 with a fraction, to the millisecond (contract section 1).
class TimeReader final : public ValueReader {
 public:
  std::optional<absl::Time> value;

  std::string_view expected() const override {
    return "a number of seconds since 1970, between the years 1 and 9999";
  }
  absl::Status OnNumber(JsonNumber number) override;
};

class TextListReader final : public ValueReader {
 public:
  std::optional<std::vector<std::string>> value;

  std::string_view expected() const override { return "a list of strings"; }
  absl::Status OnArray() override;
  ValueReader* OnElement() override { return &element_; }

 private:
  struct Element final : ValueReader {
    explicit Element(TextListReader& list) : list(list) {}
    std::string_view expected() const override { return "a string"; }
    absl::Status OnNull() override { return Unexpected(); }
    absl::Status OnText(std::string text) override;
    TextListReader& list;
  };

  Element element_{*this};
};

// An object with known members, at most 64.
class StructReader : public ValueReader {
 public:
  using Members = std::vector<std::pair<std::string_view, ValueReader*>>;

  explicit StructReader(Members members) : members_(std::move(members)) {}
  StructReader(const StructReader&) = delete;
  StructReader& operator=(const StructReader&) = delete;

  // Whether there was one (and not null).
  bool present() const { return present_; }

  std::string_view expected() const override { return "an object"; }
  absl::Status OnObject() override;
  absl::StatusOr<ValueReader*> OnMember(std::string_view name) override;

 private:
  const Members members_;
  std::uint64_t seen_ = 0;
  bool present_ = false;
};

// Reads `text` into `root`, an object's reader. Nothing but white space is as good as {}. Errors
// never quote values; of text that is no JSON they name the byte, counted from 0.
absl::Status ReadJson(std::string_view text, ValueReader& root);

}  // namespace tidemark::gateway

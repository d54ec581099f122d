#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "absl/time/time.h"

// Structured logs: one JSON object per line on stderr. `time` (RFC 3339, UTC, milliseconds),
// `level`, `service` and `msg` come first, then the fields of the call in their order. Bytes that
// are not UTF-8 become U+FFFD.
namespace tidemark::obs {

enum class Level { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning", "error".
std::string_view LevelName(Level level);
std::optional<Level> ParseLevel(std::string_view name);

// A typed value: text, number or truth. Durations and sizes are numbers whose key names the unit
// (`duration_ms`, `request_bytes`).
using FieldValue = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;

// Borrows key and text: use it in the argument list of Log alone. Keys are snake_case constants.
struct Field {
  Field(std::string_view key, std::string_view text) : key(key), value(text) {}
  Field(std::string_view key, const char* text) : Field(key, std::string_view(text)) {}
  Field(std::string_view key, const std::string& text) : Field(key, std::string_view(text)) {}
  Field(std::string_view key, bool truth) : key(key), value(truth) {}
  Field(std::string_view key, double number) : key(key), value(number) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Field(std::string_view key, T number)
      : key(key),
        value(static_cast<std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>(
            number)) {}

  std::string_view key;
  FieldValue value;
};

// Sets the service name and the lowest level that is written ("tidemark" and kInfo before).
void SetupLog(std::string_view service, Level lowest);

// Whether Log(level, ...) would write: to skip work done for a line alone.
bool LogEnabled(Level level);

// Writes one line. `text` is a constant sentence; what varies stands in fields.
void Log(Level level, std::string_view text, std::span<const Field> fields);
void Log(Level level, std::string_view text, std::initializer_list<Field> fields = {});

// Sends lines (with their line end) to `sink` instead of stderr while it lives: for tests.
class ScopedLogSink {
 public:
  explicit ScopedLogSink(std::function<void(std::string_view line)> sink);
  ~ScopedLogSink();

  ScopedLogSink(const ScopedLogSink&) = delete;
  ScopedLogSink& operator=(const ScopedLogSink&) = delete;
};

// Lets one of a kind through per interval and counts the others: for faults that repeat, such as a
// database that can't be reached. Safe for concurrent use.
class LogLimiter {
 public:
  explicit LogLimiter(absl::Duration interval) : interval_(interval) {}

  // How many were held back since the last one let through, or nothing if this one is held back.
  std::optional<std::int64_t> Admit(absl::Time now);

 private:
  const absl::Duration interval_;
  std::mutex mutex_;
  absl::Time next_ = absl::InfinitePast();
  std::int64_t held_back_ = 0;
};

}  // namespace tidemark::obs

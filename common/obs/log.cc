#include "common/obs/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/base/json_string.h"

namespace tidemark::obs {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};

// What every line needs. It is never destroyed: threads may log while the process ends.
struct State {
  std::atomic<Level> lowest = Level::kInfo;
  std::mutex mutex;  // of the two below
  std::string service = "tidemark";
  std::function<void(std::string_view)> sink;
  spdlog::logger to_stderr{"tidemark", std::make_shared<spdlog::sinks::stderr_sink_mt>()};

  State() {
    to_stderr.set_pattern("%v");
    to_stderr.set_level(spdlog::level::trace);
  }
};

State& Global() {
  static State& state = *new State;
  return state;
}

// Almost all is ASCII; the rest may be anything, and is made UTF-8.
void AppendText(std::string& line, std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return AppendJsonString(text, line);
  line.append(nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void Append(std::string& line, std::string_view key, const FieldValue& value) {
  line.append(",");
  AppendText(line, key);
  line.append(":");
  std::visit(
      [&line](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string_view>) {
          AppendText(line, held);
        } else if constexpr (std::is_integral_v<Held> && !std::is_same_v<Held, bool>) {
          absl::StrAppend(&line, held);
        } else {
          line.append(nlohmann::json(held).dump());
        }
      },
      value);
}

std::string Timestamp(absl::Time now) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now, absl::UTCTimeZone());
}

}  // namespace

std::string_view LevelName(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::optional<Level> ParseLevel(std::string_view name) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

void SetupLog(std::string_view service, Level lowest) {
  State& state = Global();
  state.lowest = lowest;
  const std::lock_guard lock(state.mutex);
  state.service = service;
}

bool LogEnabled(Level level) { return level >= Global().lowest.load(std::memory_order_relaxed); }

void Log(Level level, std::string_view text, std::span<const Field> fields) {
  if (!LogEnabled(level)) return;
  State& state = Global();
  std::string line;
  line.reserve(1024);
  absl::StrAppend(&line, "{\"time\":\"", Timestamp(absl::Now()), "\"");
  Append(line, "level", LevelName(level));
  {
    const std::lock_guard lock(state.mutex);
    Append(line, "service", std::string_view(state.service));
  }
  Append(line, "msg", text);
  for (const Field& field : fields) Append(line, field.key, field.value);
  line.append("}");
  {
    const std::lock_guard lock(state.mutex);
    if (state.sink) return state.sink(line.append("\n"));
  }
  state.to_stderr.log(spdlog::level::info, line);
}

void Log(Level level, std::string_view text, std::initializer_list<Field> fields) {
  Log(level, text, std::span<const Field>(fields.begin(), fields.size()));
}

ScopedLogSink::ScopedLogSink(std::function<void(std::string_view)> sink) {
  const std::lock_guard lock(Global().mutex);
  Global().sink = std::move(sink);
}

ScopedLogSink::~ScopedLogSink() {
  const std::lock_guard lock(Global().mutex);
  Global().sink = nullptr;
}

std::optional<std::int64_t> LogLimiter::Admit(absl::Time now) {
  const std::lock_guard lock(mutex_);
  if (now < next_) {
    ++held_back_;
    return std::nullopt;
  }
  next_ = now + interval_;
  return std::exchange(held_back_, 0);
}

}  // namespace tidemark::obs

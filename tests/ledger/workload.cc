#include "tests/ledger/workload.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace tidemark::ledger {
namespace {

constexpr std::array<std::string_view, 6> kKeys = {"theme", "font.size", "clé",
                                                   "a\"b",  "x/y z",     "last"};
// The one key that large values go to: a dataset holds one of them at most.
constexpr std::string_view kLargeKey = "large";
constexpr std::int64_t kFirstDeviceMs = 1'700'000'000'000;

bool Chance(double share, std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(0, 1)(random) < share;
}

std::size_t Below(std::size_t bound, std::mt19937_64& random) {
  return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

// Text with what JSON must escape in it.
std::string Text(std::size_t bytes, std::mt19937_64& random) {
  static constexpr std::array<std::string_view, 16> kPieces = {
      "value ",           "\"",   "\\", "\n",   "ü",  "\x01", "{}",          "日本", "0123456789",
      "abcdefghijklmnop", "</x>", "'",  "🙂", "\t", "-",    "lorem ipsum "};
  std::string text;
  text.reserve(bytes + 16);
  while (text.size() < bytes) text += kPieces[Below(kPieces.size(), random)];
  return text;
}

std::string Value(const Mix& mix, std::mt19937_64& random) {
  if (Chance(mix.long_value, random)) return Text(20'000, random);
  return Text(Below(300, random), random);
}

// A value for kLargeKey, if its time has come.
std::optional<std::string> LargeValue(const Mix& mix, std::mt19937_64& random) {
  if (Chance(mix.near_limit, random)) return std::string(800'000, 'n') + Text(30, random);
  // Six bytes of JSON for each: 1.5 MB.
  if (Chance(mix.oversized, random)) return std::string(250'000, '\x02') + Text(30, random);
  return std::nullopt;
}

}  // namespace

Change DatasetWriter::Next(const Mix& mix, std::mt19937_64& random) const {
  if (live_ && Chance(mix.deletion, random)) return {};
  Change change;
  const auto add = [&](std::string_view key, std::optional<std::string> value) {
    const auto held = counts_.find(std::string(key));
    const std::int64_t device_ms =
        kFirstDeviceMs + static_cast<std::int64_t>(Below(1'000'000'000, random));
    change.push_back(
        {std::string(key), std::move(value), held == counts_.end() ? 0 : held->second, device_ms});
  };
  if (auto large = LargeValue(mix, random)) {
    add(kLargeKey, std::move(large));
    return change;
  }
  const std::size_t first = Below(kKeys.size(), random);
  const std::size_t number = 1 + Below(3, random);
  for (std::size_t i = 0; i < number; ++i) {
    const std::string_view key = kKeys[(first + i) % kKeys.size()];
    const bool there = counts_.contains(std::string(key));
    if (there && Chance(mix.removal, random)) {
      add(key, std::nullopt);
    } else {
      add(key, Value(mix, random));
    }
  }
  return change;
}

void DatasetWriter::Accept(const Change& change, std::int64_t count) {
  live_ = !change.empty();
  if (!live_) counts_.clear();
  for (const Patch& patch : change) counts_[patch.key] = count;
}

std::uint64_t DigestOf(const Change& change) {
  std::string text = change.empty() ? "deletion" : "";
  for (const Patch& patch : change) {
    text.append(patch.key).append("\x1f").append(std::to_string(patch.device_ms)).append("\x1f");
    if (patch.value) {
      text.append("=").append(*patch.value);
    } else {
      text.append("-");
    }
    text.append("\x1e");
  }
  std::array<unsigned char, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::uint64_t start = 0;
  std::memcpy(&start, digest.data(), sizeof(start));
  return start;
}

}  // namespace tidemark::ledger

#include "common/pg/types.h"

#include <algorithm>
#include <limits>

namespace tidemark::pg {
namespace {

// PostgreSQL counts from 2000-01-01 UTC.
constexpr std::int64_t kEpochMicros = 946'684'800'000'000;
constexpr std::int64_t kInfinity = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMinusInfinity = std::numeric_limits<std::int64_t>::min();

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Whether the text form of a uuid has a hyphen before byte `index`.
bool HyphenBefore(std::size_t index) { return index >= 4 && index <= 10 && index % 2 == 0; }

}  // namespace

std::string Uuid::ToString() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (HyphenBefore(i)) text.push_back('-');
    text.push_back(kDigits[bytes[i] >> 4]);
    text.push_back(kDigits[bytes[i] & 0xF]);
  }
  return text;
}

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (HyphenBefore(i)) {
      if (text[0] != '-') return std::nullopt;
      text.remove_prefix(1);
    }
    const int high = HexDigit(text[0]), low = HexDigit(text[1]);
    if (high < 0 || low < 0) return std::nullopt;
    uuid.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    text.remove_prefix(2);
  }
  return uuid;
}

bool Type<std::string_view>::Accepts(Oid oid) {
  // text, bytea, varchar, char(n), name, json, and the untyped literal.
  constexpr Oid kTextual[] = {25, 17, 1043, 1042, 19, 114, 705};
  return std::find(std::begin(kTextual), std::end(kTextual), oid) != std::end(kTextual);
}

void Type<absl::Time>::Encode(absl::Time value, std::string& out) {
  std::int64_t micros = kInfinity;
  if (value == absl::InfinitePast()) {
    micros = kMinusInfinity;
  } else if (value != absl::InfiniteFuture()) {
    micros = absl::ToUnixMicros(value) - kEpochMicros;
  }
  AppendBigEndian(micros, out);
}

std::optional<absl::Time> Type<absl::Time>::Decode(std::string_view data) {
  if (data.size() != sizeof(std::int64_t)) return std::nullopt;
  const auto micros = FromBigEndian<std::int64_t>(data);
  if (micros == kInfinity) return absl::InfiniteFuture();
  if (micros == kMinusInfinity) return absl::InfinitePast();
  return absl::FromUnixMicros(micros) + (absl::FromUnixMicros(kEpochMicros) - absl::UnixEpoch());
}

void Type<Uuid>::Encode(const Uuid& value, std::string& out) {
  out.append(value.bytes.begin(), value.bytes.end());
}

std::optional<Uuid> Type<Uuid>::Decode(std::string_view data) {
  Uuid uuid;
  if (data.size() != uuid.bytes.size()) return std::nullopt;
  std::copy(data.begin(), data.end(), uuid.bytes.begin());
  return uuid;
}

}  // namespace tidemark::pg

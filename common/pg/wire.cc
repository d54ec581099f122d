#include "common/pg/wire.h"

namespace tidemark::pg {
namespace {

// Dimensions, whether there are nulls, type of the elements; per dimension size and lower bound.
constexpr std::size_t kHeader = 12;
constexpr std::size_t kDimension = 8;
constexpr std::size_t kLength = 4;  // before each element

}  // namespace

void AppendArrayHeader(std::size_t size, bool has_nulls, Oid element, std::string& out) {
  AppendBigEndian<std::int32_t>(size == 0 ? 0 : 1, out);
  AppendBigEndian<std::int32_t>(has_nulls ? 1 : 0, out);
  AppendBigEndian<std::uint32_t>(element, out);
  if (size == 0) return;
  AppendBigEndian<std::int32_t>(static_cast<std::int32_t>(size), out);
  AppendBigEndian<std::int32_t>(1, out);
}

std::optional<ArrayReader> ArrayReader::Open(std::string_view data) {
  if (data.size() < kHeader) return std::nullopt;
  const auto dimensions = FromBigEndian<std::int32_t>(data);
  const Oid element = FromBigEndian<std::uint32_t>(data.substr(8));
  data.remove_prefix(kHeader);
  if (dimensions == 0) return ArrayReader(data, 0, element);
  if (dimensions != 1 || data.size() < kDimension) return std::nullopt;
  const auto size = FromBigEndian<std::int32_t>(data);
  data.remove_prefix(kDimension);
  // Each element takes at least its length, so that a false size can't ask for much memory.
  if (size < 0 || static_cast<std::size_t>(size) > data.size() / kLength) return std::nullopt;
  return ArrayReader(data, static_cast<std::size_t>(size), element);
}

bool ArrayReader::Next(std::optional<std::string_view>& element) {
  if (rest_.size() < kLength) return false;
  const auto length = FromBigEndian<std::int32_t>(rest_);
  rest_.remove_prefix(kLength);
  element = std::nullopt;
  if (length < 0) return true;
  if (static_cast<std::size_t>(length) > rest_.size()) return false;
  element = rest_.substr(0, static_cast<std::size_t>(length));
  rest_.remove_prefix(static_cast<std::size_t>(length));
  return true;
}

Oid ElementOf(Oid array) {
  switch (array) {
    case 1000:
      return 16;  // bool
    case 1001:
      return 17;  // bytea
    case 1005:
      return 21;  // int2
    case 1007:
      return 23;  // int4
    case 1009:
      return 25;  // text
    case 1015:
      return 1043;  // varchar
    case 1016:
      return 20;  // int8
    case 1185:
      return 1184;  // timestamptz
    case 2951:
      return 2950;  // uuid
    default:
      return 0;
  }
}

}  // namespace tidemark::pg

#include "common/base/uuid.h"

#include <algorithm>
#include <array>

#include "common/base/sha256.h"

namespace tidemark {

std::string MakeUuid(std::span<const std::uint8_t, 16> random) {
  std::array<std::uint8_t, 16> bytes;
  std::copy(random.begin(), random.end(), bytes.begin());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // variant
  std::string uuid = Hex(bytes);
  for (const std::size_t dash : {8, 13, 18, 23}) uuid.insert(dash, 1, '-');
  return uuid;
}

}  // namespace tidemark

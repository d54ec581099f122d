#include "common/base/random.h"

#include <openssl/rand.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace tidemark {
namespace {

class OpenSslRandom final : public Random {
 public:
  void Fill(std::span<std::uint8_t> bytes) override {
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
  }
};

}  // namespace

std::uint64_t Random::Next() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes;
  Fill(bytes);
  std::uint64_t number;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

Random& SystemRandom() {
  static OpenSslRandom random;
  return random;
}

}  // namespace tidemark

#include "common/base/random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace tidemark {
namespace {

void FillFromOpenSsl(std::span<std::uint8_t> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
}

// One call of OpenSSL's costs about the same for 16 bytes and for hundreds, so that small needs are
// met from a supply of the thread's own. Bytes that were given out are wiped there.
class OpenSslRandom final : public Random {
 public:
  void Fill(std::span<std::uint8_t> bytes) override {
    static constexpr std::size_t kSmall = 64;
    thread_local std::array<std::uint8_t, 1024> supply;
    thread_local std::size_t used = supply.size();
    if (bytes.size() > kSmall) return FillFromOpenSsl(bytes);
    if (supply.size() - used < bytes.size()) {
      FillFromOpenSsl(supply);
      used = 0;
    }
    const auto taken = std::span(supply).subspan(used, bytes.size());
    std::copy(taken.begin(), taken.end(), bytes.begin());
    OPENSSL_cleanse(taken.data(), taken.size());
    used += bytes.size();
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

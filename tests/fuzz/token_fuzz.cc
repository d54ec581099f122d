// Tokens that this installation did not make are never opened.
#include <string>

#include "common/seal/seal.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace seal = tidemark::seal;
  static const auto ring =
      tidemark::config::Keyring::Parse("k:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").value();
  static const std::string genuine = seal::Seal(ring, "fuzz", {"input"}, {"1", "field"});
  const std::string_view token = tidemark::fuzz::AsText(data, size);
  if (token == genuine) return 0;  // The fuzzer finds it, as it sees what is compared.
  tidemark::fuzz::Require(!seal::Open(ring, "fuzz", {"input"}, token), "a forged token is refused");
  return 0;
}

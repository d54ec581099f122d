#pragma once

#include <string>

namespace tidemark::fake_aws {

// A certificate that signs itself, valid for a day; PEM.
struct Certificate {
  std::string certificate_pem;
  std::string private_key_pem;
};

// `names` in OpenSSL's notation of subject alternative names.
Certificate MakeCertificate(const std::string& names = "IP:127.0.0.1,DNS:localhost");

}  // namespace tidemark::fake_aws

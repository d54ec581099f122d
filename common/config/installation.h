#pragma once

#include <string>

#include "common/config/options.h"

namespace tidemark::config {

// What names an installation in ARNs and signatures: one account and one region.
struct Installation {
  std::string account_id = "123456789012";  // 12 digits
  std::string region = "us-east-1";
};

// Adds --account-id and --region.
void Declare(Options& options, Installation& installation);

}  // namespace tidemark::config

#pragma once

#include <utility>

#include "common/pg/options.h"

namespace tidemark::pg {

// For statements that find a few rows by their keys: a plan that was made while the tables were
// small stays for a while, and would read them whole when they no longer are.
inline ConnectOptions ByKeys(ConnectOptions options) {
  for (const char* const setting :
       {"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"}) {
    options.settings.emplace_back(setting, "off");
  }
  return options;
}

}  // namespace tidemark::pg

#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/config/options.h"
#include "common/config/units.h"

namespace tidemark::cli {

// What all commands heed: flag over environment (TIDEMARK_TIMEOUT) over configuration file.
struct Settings {
  // Design section 9, "Ports".
  config::Address stream_config = {"127.0.0.1", 7002};
  config::Address dataset = {"127.0.0.1", 7001};
  config::Address publisher = {"127.0.0.1", 7003};
  absl::Duration timeout = absl::Seconds(10);  // of each call
  int page_size = 0;                           // of lists' calls; 0: the service's default
  std::string output = "text";                 // or "json"
  bool tls = false;
  std::string tls_ca_file;           // "" for the system's
  std::string tls_certificate_file;  // "" to show none
  Secret tls_key;

  bool json() const { return output == "json"; }
};

void Declare(config::Options& options, Settings& settings);

// The configuration file that is read if none is named and it exists:
// $XDG_CONFIG_HOME/tidemark/config.toml, by default in ~/.config. "" if there is none.
std::string DefaultConfigFile(const config::Environment& environment);

}  // namespace tidemark::cli

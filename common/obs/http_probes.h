#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/obs/readiness.h"

namespace tidemark::obs {

// The HTTP port for operators:
//   /metrics  Prometheus text format
//   /livez    200 while the process answers at all; asks nothing else
//   /readyz   200 or 503, JSON: {"ready": bool, "checks": [{"name", "ok", "message"}]}
class HttpProbes {
 public:
  struct Options {
    std::string host = "127.0.0.1";  // an address, not a name; "" listens on all
    int port = 0;                    // 0: any free one
  };

  // `collectables` outlive the probes. UNAVAILABLE if it can't listen.
  static absl::StatusOr<std::unique_ptr<HttpProbes>> Start(
      const Options& options, std::vector<const prometheus::Collectable*> collectables,
      std::function<Readiness::Report()> readiness);
  ~HttpProbes();

  // The port it listens on.
  int port() const;

 private:
  struct Impl;

  explicit HttpProbes(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark::obs

#pragma once

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

namespace tidemark::bench {

// Of times in order; 0 if there are none.
inline double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

// Prints the line of JSON that a load program ends with, from what its slots did in `seconds`: each
// has millis(), a time of each call, and errors(), how many of them failed. Returns the exit
// status.
template <typename Slot>
int Report(const std::vector<std::unique_ptr<Slot>>& slots, double seconds) {
  std::vector<double> millis;
  int errors = 0;
  for (const auto& slot : slots) {
    millis.insert(millis.end(), slot->millis().begin(), slot->millis().end());
    errors += slot->errors();
  }
  std::ranges::sort(millis);
  const nlohmann::json line = {{"calls_per_second", static_cast<double>(millis.size()) / seconds},
                               {"p50_ms", Percentile(millis, 0.5)},
                               {"p99_ms", Percentile(millis, 0.99)},
                               {"errors", errors}};
  std::printf("%s\n", line.dump().c_str());
  return errors == 0 ? 0 : 1;
}

}  // namespace tidemark::bench

#include "services/publisher/engine/boottime.h"

#include <ctime>

namespace tidemark::publisher {
namespace {

class Boottime final : public Clock {
 public:
  absl::Time Now() const override {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return absl::TimeFromTimespec(now);
  }
};

}  // namespace

const Clock& BoottimeClock() {
  static const Boottime clock;
  return clock;
}

}  // namespace tidemark::publisher

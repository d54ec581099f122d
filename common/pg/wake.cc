#include "common/pg/wake.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace tidemark::pg {

Wake::Wake() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) std::abort();  // Out of descriptors while the process starts.
}

Wake::~Wake() { close(descriptor_); }

void Wake::Set() {
  const std::uint64_t one = 1;
  // Fails only if the counter is full, and then the descriptor is readable.
  [[maybe_unused]] const ssize_t written = write(descriptor_, &one, sizeof(one));
}

void Wake::Clear() {
  std::uint64_t count;
  [[maybe_unused]] const ssize_t taken = read(descriptor_, &count, sizeof(count));
}

}  // namespace tidemark::pg

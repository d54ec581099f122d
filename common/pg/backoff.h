#pragma once

#include "common/base/backoff.h"

namespace tidemark::pg {

// For stores that try a transaction again.
using tidemark::Backoff;

}  // namespace tidemark::pg

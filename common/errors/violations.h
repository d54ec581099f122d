#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/errors/error.h"

namespace tidemark::errors {

// Collects what is wrong with a request, so that its sender learns everything at once.
class Violations {
 public:
  // `field` is a path in the request, such as `record_patches[3].key`; `description` names the
  // value (cut) and the bound.
  void Add(std::string_view field, std::string_view description);

  bool empty() const { return violations_.empty(); }

  // OK, or one INVALID_FIELD that names all.
  absl::Status ToStatus() const;

 private:
  std::vector<FieldViolation> violations_;
};

// Whether `text` is an identity pool's or an identity's id: 1 to 55 characters,
// `[\w-]+:[0-9a-f-]+` (contract section 2).
bool IsId(std::string_view text);
void CheckId(std::string_view field, std::string_view id, Violations& violations);

// A caller's request id: empty, or at most 128 bytes without U+0000.
void CheckRequestId(std::string_view field, std::string_view id, Violations& violations);

// A page size: not negative. Returns it clamped to 1..1024, `absent` for 0.
int CheckPageSize(std::string_view field, int page_size, int absent, Violations& violations);

}  // namespace tidemark::errors

#pragma once

#include <optional>
#include <string_view>

#include "common/pg/types.h"

namespace tidemark::push {

// A device's id as it is stored; nullopt if no device can have it.
inline std::optional<pg::Uuid> StoredId(std::string_view device_id) {
  std::optional<pg::Uuid> id = pg::Uuid::Parse(device_id);
  if (id && id->ToString() != device_id) id.reset();  // in upper case
  return id;
}

}  // namespace tidemark::push

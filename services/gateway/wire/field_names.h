#pragma once

#include <string>
#include <string_view>

namespace tidemark::gateway {

// Amazon's name of a request's field, from a path as services name it: `record_patches[3].key` is
// `RecordPatches[3].Key`, `page_size` is `MaxResults`. Amazon's own names stay.
std::string AmazonFieldName(std::string_view path);

}  // namespace tidemark::gateway

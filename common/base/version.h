#pragma once

#include <string_view>

namespace tidemark {

// Tidemark's version, such as "0.1.0".
std::string_view Version();

}  // namespace tidemark

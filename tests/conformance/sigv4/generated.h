#pragma once

#include <nlohmann/json.hpp>
#include <vector>

namespace tidemark::aws {

// What botocore makes, by one of the Python scripts beside this file: its lines, each a JSON
// object. A script that can't be run is the calling test's failure.
std::vector<nlohmann::json> Generated(const char* script, int count, int seed);

}  // namespace tidemark::aws

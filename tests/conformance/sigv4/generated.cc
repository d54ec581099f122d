#include "tests/conformance/sigv4/generated.h"

#include <gtest/gtest.h>
#include <stdio.h>

#include <cstdlib>
#include <string>

namespace tidemark::aws {

std::vector<nlohmann::json> Generated(const char* script, int count, int seed) {
  std::vector<nlohmann::json> lines;
  const char* python = std::getenv("TIDEMARK_TEST_PYTHON");
  if (python == nullptr) {
    ADD_FAILURE() << "set TIDEMARK_TEST_PYTHON to an interpreter that has botocore";
    return lines;
  }
  const std::string command = std::string("'") + python + "' '" TIDEMARK_SIGV4_SCRIPTS "/" +
                              script + "' " + std::to_string(count) + " " + std::to_string(seed);
  FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) {
    ADD_FAILURE() << "can't run " << command;
    return lines;
  }
  char* line = nullptr;
  std::size_t capacity = 0;
  while (getline(&line, &capacity, output) > 0) lines.push_back(nlohmann::json::parse(line));
  free(line);
  EXPECT_EQ(pclose(output), 0) << command;
  return lines;
}

}  // namespace tidemark::aws

#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "common/testing/fake_aws/http_server.h"

namespace tidemark::fake_aws {

// Answers of the pages under /_fake/.
inline ServerResponse AdminAnswer(int status, const nlohmann::json& body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

inline ServerResponse AdminRefusal(std::string_view message) {
  return AdminAnswer(400, {{"message", message}});
}

}  // namespace tidemark::fake_aws

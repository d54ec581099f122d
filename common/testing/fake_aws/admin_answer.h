#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "common/testing/fake_aws/http_server.h"
#include "common/testing/fake_aws/query.h"

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

// An empty answer if it is done, else a refusal.
inline ServerResponse AdminDone(bool done, std::string_view otherwise) {
  return done ? AdminAnswer(200, nlohmann::json::object()) : AdminRefusal(otherwise);
}

inline ServerResponse NoSuchAdminPage() {
  return AdminAnswer(404, {{"message", "no such page: see common/testing/fake_aws/admin.h"}});
}

// The part of a list that a query asks for, by "from" and "limit".
struct AdminPage {
  std::size_t from = 0;
  std::size_t limit = 1000;
};

// A refusal if they are no numbers.
std::optional<ServerResponse> ReadPage(const Parameters& query, AdminPage& page);

}  // namespace tidemark::fake_aws

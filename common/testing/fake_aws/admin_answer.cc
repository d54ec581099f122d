#include "common/testing/fake_aws/admin_answer.h"

#include "absl/strings/numbers.h"

namespace tidemark::fake_aws {

std::optional<ServerResponse> ReadPage(const Parameters& query, AdminPage& page) {
  for (const auto& [name, value] : query) {
    std::size_t* const number = name == "from"    ? &page.from
                                : name == "limit" ? &page.limit
                                                  : nullptr;
    if (number != nullptr && !absl::SimpleAtoi(value, number)) {
      return AdminRefusal(name + ": no number");
    }
  }
  return std::nullopt;
}

}  // namespace tidemark::fake_aws

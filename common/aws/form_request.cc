#include "common/aws/form_request.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/aws/uri.h"
#include "common/base/abseil.h"

namespace tidemark::aws {

HttpRequest FormRequest(const Endpoint& endpoint, std::string_view action, std::string_view version,
                        const std::vector<FormParameter>& parameters) {
  std::string form = absl::StrCat("Action=", ToAbsl(action), "&Version=", ToAbsl(version));
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    // As a web page's form has it: a space is '+', as moto's check of signatures wants it.
    absl::StrAppend(&form, "&", name, "=", absl::StrReplaceAll(UriEncode(value), {{"%20", "+"}}));
  }
  return {.method = "POST",
          .endpoint = endpoint,
          .target = "/",
          .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
          .body = std::move(form)};
}

}  // namespace tidemark::aws

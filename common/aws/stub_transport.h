#pragma once

#include <utility>
#include <vector>

#include "common/aws/http.h"

namespace tidemark::aws {

// For tests: keeps requests and answers each at once with `answer`.
class StubTransport final : public HttpTransport {
 public:
  void Send(HttpRequest request, const HttpTimeouts& timeouts, Callback callback) override {
    requests.push_back(std::move(request));
    timeouts_of.push_back(timeouts);
    callback(answer);
  }

  absl::StatusOr<HttpResponse> answer = HttpResponse{.status = 200, .headers = {}, .body = "{}"};
  std::vector<HttpRequest> requests;
  std::vector<HttpTimeouts> timeouts_of;
};

}  // namespace tidemark::aws

#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/aws/http.h"

namespace tidemark::push {

// Plays SNS and STS to the clients of common/aws: answers the calls of each action in the order
// that a test says, and remembers them. Answers at once.
class ScriptedSns final : public aws::HttpTransport {
 public:
  void Send(aws::HttpRequest request, const aws::HttpTimeouts&, Callback callback) override {
    const std::string action = ActionOf(request.body);
    calls.push_back(action);
    bodies.push_back(request.body);
    auto& answers = script[action];
    if (answers.empty()) {
      return callback(absl::DeadlineExceededError("nothing is scripted for " + action));
    }
    absl::StatusOr<aws::HttpResponse> answer = std::move(answers.front());
    answers.pop_front();
    callback(std::move(answer));
  }

  // The next call of `action` succeeds with this result.
  void Answer(const std::string& action, const std::string& result = "") {
    script[action].push_back(
        aws::HttpResponse{.status = 200,
                          .headers = {},
                          .body = absl::StrCat("<", action, "Response><", action, "Result>", result,
                                               "</", action, "Result></", action, "Response>")});
  }
  void Fail(const std::string& action, int status, const std::string& code,
            const std::string& message = "") {
    script[action].push_back(aws::HttpResponse{
        .status = status,
        .headers = {},
        .body = absl::StrCat("<ErrorResponse><Error><Type>Sender</Type><Code>", code,
                             "</Code><Message>", message,
                             "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>")});
  }
  // It does not answer at all.
  void Hang(const std::string& action) {
    script[action].push_back(absl::DeadlineExceededError("no answer within 5 s"));
  }

  std::vector<std::string> calls;   // their actions
  std::vector<std::string> bodies;  // as sent

 private:
  static std::string ActionOf(const std::string& body) {
    const std::size_t begin = body.find("Action=") + 7;
    return body.substr(begin, body.find('&', begin) - begin);
  }

  std::map<std::string, std::deque<absl::StatusOr<aws::HttpResponse>>> script;
};

}  // namespace tidemark::push

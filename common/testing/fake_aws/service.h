#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/testing/fake_aws/fault.h"
#include "common/testing/fake_aws/http_server.h"
#include "common/testing/fake_aws/iam.h"

namespace tidemark::fake_aws {

// A call as the fake's frame understands it, before a service answers.
struct Call {
  const ServerRequest& request;
  std::string operation;     // e.g. "PutRecords"
  std::string resource;      // what it is about, for faults (Fault::resource); may be empty
  std::string action;        // what a role must allow; empty: "service:operation"
  bool anonymous = false;    // takes no signature, and looks at none
  std::uint64_t number = 0;  // of the call among all, from 1
  Caller caller;             // who calls, once that is known
};

// One of the APIs that the fake plays, each in files of its own. The frame (FakeAws) checks
// signatures and roles, counts and strikes with faults; a service does what its API does. Called on
// the server's thread; whatever else it offers to tests must be safe beside that.
class Service {
 public:
  virtual ~Service() = default;

  // As in the credential scope: "kinesis".
  virtual std::string_view name() const = 0;

  // Operation and resource of a request, without judging it; empty if it has none.
  virtual Call Read(const ServerRequest& request) const = 0;

  // Does what the call asks. `records` is a fault of kind kRecords that strikes it, if any.
  virtual ServerResponse Answer(const Call& call, const std::optional<Fault>& records) = 0;

  // An error in the API's own form.
  virtual ServerResponse Error(int status, std::string_view code,
                               std::string_view message) const = 0;

  // Forgets everything.
  virtual void Reset() = 0;
};

// The id of a call, as answers give it.
std::string RequestId(std::uint64_t call_number);

}  // namespace tidemark::fake_aws

#pragma once

#include <string>
#include <vector>

namespace tidemark::publisher {

// What went wrong with a request or one of its records, by what is to be done about it.
enum class Fault {
  kNone,
  kTransient,      // try again
  kThrottled,      // try again, later
  kCredentials,    // expired or unknown: other ones are fetched, then try again
  kRefused,        // what was sent is not acceptable and never will be
  kDenied,         // the settings are wrong, not what was sent: an operator must act
  kStreamMissing,  // there is no such stream, or it is being created
  kRoleRefused,    // the role can't be assumed, and has refused for long
};

// How one record fared.
struct RecordResult {
  Fault fault = Fault::kNone;
  std::string error;  // the destination's words, without secrets; empty without a fault
};

// How a request fared.
struct SendResult {
  // Of the request as a whole: then none of its records is known to have arrived.
  Fault fault = Fault::kNone;
  std::string error;
  // Without such a fault: one for each record, in order.
  std::vector<RecordResult> records;
};

}  // namespace tidemark::publisher

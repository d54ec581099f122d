#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/aws/http_message.h"

// What the APIs have in common that take forms (STS, SNS): AWS's "Query" protocol.
namespace tidemark::aws {

struct FormParameter {
  std::string name;        // of A-Z a-z 0-9 and '.'
  std::string_view value;  // any bytes; empty: the parameter is left out
};

// The POST of an action: Content-Type application/x-www-form-urlencoded, not signed yet.
HttpRequest FormRequest(const Endpoint& endpoint, std::string_view action, std::string_view version,
                        const std::vector<FormParameter>& parameters);

}  // namespace tidemark::aws

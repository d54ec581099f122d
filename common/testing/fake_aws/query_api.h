#pragma once

#include <functional>
#include <pugixml.hpp>
#include <string_view>

#include "common/testing/fake_aws/service.h"

// Answers of AWS's "Query" protocol: forms in, XML out (STS, SNS).
namespace tidemark::fake_aws {

// The answer to `call`, whose result `fill` fills; null: without a result. `xml_namespace` is the
// API's.
ServerResponse QueryAnswer(const Call& call, const char* xml_namespace,
                           const std::function<void(pugi::xml_node result)>& fill);

ServerResponse QueryError(const char* xml_namespace, int status, std::string_view code,
                          std::string_view message);

}  // namespace tidemark::fake_aws

#pragma once

#include <string_view>

#include "common/testing/fake_aws/http_server.h"
#include "common/testing/fake_aws/lambda.h"

namespace tidemark::fake_aws {

// What stands behind "/_fake/lambda/": see admin.h. `route` is method and path.
ServerResponse AdministerLambda(FakeLambda& lambda, std::string_view route,
                                const ServerRequest& request);

}  // namespace tidemark::fake_aws

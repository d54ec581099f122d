#pragma once

#include <string_view>

#include "common/testing/fake_aws/http_server.h"
#include "common/testing/fake_aws/iam.h"

namespace tidemark::fake_aws {

// What stands behind "/_fake/sts/": see admin.h. `route` is method and path.
ServerResponse AdministerRoles(FakeIam& iam, std::string_view route, const ServerRequest& request);

}  // namespace tidemark::fake_aws

#pragma once

#include <string_view>

#include "common/testing/fake_aws/http_server.h"
#include "common/testing/fake_aws/sns.h"

namespace tidemark::fake_aws {

// What stands behind "/_fake/sns/": see admin.h. `route` is method and path.
ServerResponse AdministerSns(FakeSns& sns, std::string_view route, const ServerRequest& request);

}  // namespace tidemark::fake_aws

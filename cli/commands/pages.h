#pragma once

#include "absl/status/statusor.h"
#include "cli/client/client.h"
#include "cli/commands/session.h"
#include "cli/output/message_json.h"

namespace tidemark::cli {

// Calls a list's method until it has given all pages, and puts them into one response. `items`
// gives a response's list:
//   ReadPages(session, session.clients.pools, &StreamConfigService::StubInterface::ListPools,
//             ListPoolsRequest(), [](auto& response) { return response.mutable_pools(); })
template <typename Service, typename Request, typename Response, typename Items>
absl::StatusOr<Response> ReadPages(
    const Session& session, Client<Service>& client,
    grpc::Status (Service::StubInterface::*method)(grpc::ClientContext*, const Request&, Response*),
    Request request, const Items& items) {
  Response all;
  request.set_page_size(session.settings.page_size);
  while (true) {
    TM_ASSIGN_OR_RETURN(Response page, client.Call(method, request));
    items(all)->MergeFrom(*items(page));
    if (page.next_page_token().empty()) return all;
    request.set_page_token(page.next_page_token());
  }
}

// All pages of a list as one document, which needs no token.
template <typename Response>
Json ListJson(const Response& all) {
  Json json = ToJson(all);
  json.erase("next_page_token");
  return json;
}

}  // namespace tidemark::cli

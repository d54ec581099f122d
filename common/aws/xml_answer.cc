#include "common/aws/xml_answer.h"

#include <pugixml.hpp>

namespace tidemark::aws {

CallError ReadXmlError(Api api, const HttpResponse& response) {
  CallError error;
  error.http_status = response.status;
  error.request_id = RequestId(response);
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    const pugi::xml_node wrapped = document.child("ErrorResponse");
    const pugi::xml_node body = (wrapped ? wrapped : document).child("Error");
    error.code = std::string(BareErrorCode(body.child_value("Code")));
    error.message = KeptText(body.child_value("Message"));
    if (error.request_id.empty()) {
      error.request_id = (wrapped ? wrapped : body).child_value("RequestId");
    }
  }
  error.error_class = ClassifyError(api, response.status, error.code);
  return error;
}

}  // namespace tidemark::aws

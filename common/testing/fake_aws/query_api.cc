#include "common/testing/fake_aws/query_api.h"

#include "common/testing/fake_aws/xml.h"

namespace tidemark::fake_aws {

ServerResponse QueryAnswer(const Call& call, const char* xml_namespace,
                           const std::function<void(pugi::xml_node result)>& fill) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child((call.operation + "Response").c_str());
  root.append_attribute("xmlns") = xml_namespace;
  if (fill) fill(root.append_child((call.operation + "Result").c_str()));
  AppendText(root.append_child("ResponseMetadata"), "RequestId", RequestId(call.number));
  return {.status = 200, .headers = {{"Content-Type", "text/xml"}}, .body = ToText(document)};
}

ServerResponse QueryError(const char* xml_namespace, int status, std::string_view code,
                          std::string_view message) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("ErrorResponse");
  root.append_attribute("xmlns") = xml_namespace;
  pugi::xml_node error = root.append_child("Error");
  AppendText(error, "Type", status < 500 ? "Sender" : "Receiver");
  AppendText(error, "Code", code);
  AppendText(error, "Message", message);
  return {.status = status, .headers = {{"Content-Type", "text/xml"}}, .body = ToText(document)};
}

}  // namespace tidemark::fake_aws

#include "common/testing/fake_aws/xml.h"

#include <sstream>

namespace tidemark::fake_aws {

void AppendText(pugi::xml_node parent, const char* name, std::string_view text) {
  parent.append_child(name).text().set(std::string(text).c_str());
}

std::string ToText(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

}  // namespace tidemark::fake_aws

#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace tidemark::fake_aws {

// <name>text</name>, at the end of `parent`.
void AppendText(pugi::xml_node parent, const char* name, std::string_view text);

// The document as bytes, with its declaration.
std::string ToText(const pugi::xml_document& document);

}  // namespace tidemark::fake_aws

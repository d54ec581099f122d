#pragma once

#include <string>
#include <string_view>

namespace tidemark {

// Appends `text`, which is UTF-8, as a JSON string with its quotes (RFC 8259, section 7). For the
// places that write every change; elsewhere a JSON library does.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace tidemark

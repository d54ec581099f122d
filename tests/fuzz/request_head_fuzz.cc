// Request targets and Authorization headers: first line the target, second the header.
#include <string>

#include "common/aws/authorization_header.h"
#include "common/aws/uri.h"
#include "services/gateway/wire/request_target.h"
#include "tests/fuzz/fuzz.h"

namespace tidemark::fuzz {
namespace {

void CheckTarget(std::string_view text) {
  const gateway::RequestTarget target = gateway::SplitTarget(text);
  for (const std::string_view segment : target.segments) {
    const auto decoded = gateway::DecodeSegment("Field", segment);
    if (!decoded.ok()) continue;
    Require(decoded->size() <= segment.size(), "decoding never makes longer");
    Require(segment != "." && segment != "..", "dot segments are refused");
  }
  const gateway::QueryParameters query(target.query);
  for (const char* name : {"maxResults", "lastSyncCount", "nextToken"}) {
    const auto number = query.Integer64(name);
    const auto text_of = query.Text(name);
    Require(!number.ok() || text_of.ok(), "a number is a text");
    Require(!number.ok() || number->has_value() == text_of->has_value(),
            "a parameter is there, or it is not");
  }
}

void CheckAuthorization(std::string_view value) {
  const auto parsed = aws::ParseAuthorization(value);
  if (!parsed.ok()) return;
  Require(parsed->signature.size() == 64, "a signature has 64 digits");
  Require(!parsed->access_key_id.empty(), "a key id is not empty");
  Require(parsed->signed_headers.size() <= aws::kMaxSignedHeaders, "headers are bounded");
}

}  // namespace
}  // namespace tidemark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = tidemark::fuzz::AsText(data, size);
  const std::size_t line = text.find('\n');
  tidemark::fuzz::CheckTarget(text.substr(0, line));
  if (line != std::string_view::npos) tidemark::fuzz::CheckAuthorization(text.substr(line + 1));
  return 0;
}

#pragma once

#include <string>
#include <string_view>

// Percent-encoding as AWS signs it: https://docs.aws.amazon.com/IAM/latest/UserGuide/
// reference_sigv-create-signed-request.html ("UriEncode").
namespace tidemark::aws {

// Appends `text` with every byte but A-Z a-z 0-9 - _ . ~ as %XX, upper-case.
void AppendUriEncoded(std::string_view text, std::string& out);
std::string UriEncode(std::string_view text);

// Appends `text` with each well-formed %XX turned into its byte; other '%' stay. In query strings
// '+' means a space, as clients that encode forms send it; in paths it is itself.
enum class Plus { kIsItself, kIsSpace };
void AppendUriDecoded(std::string_view text, Plus plus, std::string& out);

// How a service's canonical path comes from the path on the wire.
enum class PathRule {
  kEncodeAgain,  // every service but S3: without dot segments and empty ones, encoded once more
  kAsSent,       // S3: object keys may hold both
};

// Appends the canonical form of the path `wire_path` (as sent, without the query).
void AppendCanonicalPath(std::string_view wire_path, PathRule rule, std::string& out);

// Appends the canonical form of `wire_query` (as sent, without '?'): parameters decoded, encoded,
// sorted by name and then by value, a missing value as an empty one. Empty parameters drop out.
void AppendCanonicalQuery(std::string_view wire_query, std::string& out);

}  // namespace tidemark::aws

#pragma once

#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/system/error_code.hpp>
#include <string_view>

#include "services/gateway/http/handler.h"

// What the parsed head of a request, and the parser's errors, mean to us.
namespace tidemark::gateway {

inline std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

inline HttpFault FaultOf(const boost::system::error_code& error) {
  if (error == boost::beast::http::error::header_limit ||
      error == boost::beast::http::error::buffer_overflow) {
    return HttpFault::kHeaderTooLarge;
  }
  return error == boost::beast::http::error::body_limit ? HttpFault::kBodyTooLarge
                                                        : HttpFault::kMalformed;
}

// Whether the body's length is beyond doubt. The parser has refused most of what RFC 9112 section
// 6.3 tells to; it takes an unknown transfer coding for none.
template <typename Head>
bool FramingIsSound(const Head& head) {
  const std::size_t codings = head.count(boost::beast::http::field::transfer_encoding);
  if (codings == 0) return true;
  return codings == 1 && head.version() == 11 &&
         EqualsIgnoreCase(View(head[boost::beast::http::field::transfer_encoding]), "chunked");
}

// The path and query of a target in absolute form (RFC 9112 section 3.2.2), as proxies send it;
// others as they are.
inline std::string_view OriginForm(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualsIgnoreCase(target.substr(0, scheme.size()), scheme)) continue;
    // A query without a path before it is left as it is, to be refused.
    const std::size_t path = target.find_first_of("/?", scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target;
}

}  // namespace tidemark::gateway

#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "common/base/units.h"

namespace tidemark::gateway {

// A body in a string that takes memory as bytes arrive, as Beast's parser wants one. Beast's own
// reserves what Content-Length declares, which costs whoever declares it nothing.
struct GrowingBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool isRequest, class Fields>
    reader(boost::beast::http::header<isRequest, Fields>&, std::string& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>& length, boost::system::error_code& error) {
      if (length) length_ = static_cast<std::size_t>(*length);  // below the parser's limit
      body_.reserve(std::min(length_, kFirstBytes));
      error = {};
    }

    std::size_t put(const boost::asio::const_buffer& bytes, boost::system::error_code& error) {
      const std::size_t needed = body_.size() + bytes.size();
      if (needed > body_.capacity()) Grow(needed);
      body_.append(static_cast<const char*>(bytes.data()), bytes.size());
      error = {};
      return bytes.size();
    }

    void finish(boost::system::error_code& error) { error = {}; }

   private:
    static constexpr std::size_t kFirstBytes = 4 * kKiB;

    // Doubles, but not beyond the declared length; reserve() on the string itself would.
    void Grow(std::size_t needed) {
      std::string grown;
      grown.reserve(std::max(needed, std::min(2 * body_.capacity(), length_)));
      body_.swap(grown.append(body_));
    }

    std::string& body_;
    std::size_t length_ = std::numeric_limits<std::size_t>::max();  // unknown
  };
};

}  // namespace tidemark::gateway

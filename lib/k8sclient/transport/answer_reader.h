// AnswerReader: one HTTP answer as it is read from a connection, piece by piece. A part of the
// Beast transport (beast_transport.h). Not thread safe; refers to the lane.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional/optional.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "k8sclient/transport/http_transport.h"
#include "k8sclient/transport/polled_connection.h"

namespace stowage::k8sclient {

// A connection with what was read beyond the last answer.
struct Lane {
  PolledConnection connection;
  std::string unread;
  base::SteadyTime idle_since{};
  bool reused = false;
};

// What an operation that did not succeed means for the request. `detail` is the connection's word.
TransportError errorOf(Io io, Phase phase, const std::string& detail);

// A body that collects what was parsed since it was last emptied. Unlike string_body it does not
// reserve what a Content-Length claims.
struct PieceBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool kIsRequest, class Fields>
    reader(boost::beast::http::header<kIsRequest, Fields>& /*header*/, value_type& body)
        : body_(body) {}
    void init(const boost::optional<std::uint64_t>& /*length*/, boost::beast::error_code& error) {
      error = {};
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      error = {};
      std::size_t total = 0;
      for (auto it = boost::asio::buffer_sequence_begin(buffers);
           it != boost::asio::buffer_sequence_end(buffers); ++it) {
        const boost::asio::const_buffer piece(*it);
        body_.append(static_cast<const char*>(piece.data()), piece.size());
        total += piece.size();
      }
      return total;
    }
    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

class AnswerReader {
 public:
  explicit AnswerReader(Lane& lane) : lane_(lane) { renew(); }

  // Reads until the headers are known. Interim answers (1xx) are skipped.
  std::optional<TransportError> readHeaders();
  // Reads one more piece; the body grows, or done() turns true.
  std::optional<TransportError> readMore() { return advance(Phase::kBody); }

  [[nodiscard]] bool done() const { return parser_->is_done(); }
  [[nodiscard]] bool sawBytes() const { return saw_bytes_; }
  [[nodiscard]] bool connectionIsReusable() const {
    return parser_->is_done() && parser_->keep_alive() && lane_.unread.empty();
  }
  std::string& body() { return parser_->get().body(); }
  // Status and headers; the body is apart.
  HttpResponse headers();

 private:
  using Parser = boost::beast::http::response_parser<PieceBody>;
  void renew();
  std::optional<TransportError> advance(Phase phase);
  std::optional<TransportError> parse(Phase phase);

  Lane& lane_;
  boost::optional<Parser> parser_;
  bool saw_bytes_ = false;
  bool tried_unread_ = false;
};

}  // namespace stowage::k8sclient

// RawTlsClient: a TLS client that sends whatever bytes a test wants. Blocks at most ten seconds per
// call. Verifies nothing. Not thread safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "serving/unique_fd.h"

struct ssl_st;
struct ssl_ctx_st;

namespace stowage::serving {

class RawTlsClient {
 public:
  // Connects to 127.0.0.1. Without TLS it stays a plain TCP connection.
  explicit RawTlsClient(std::uint16_t port, bool tls = true, int max_version = 0);
  ~RawTlsClient();
  RawTlsClient(const RawTlsClient&) = delete;
  RawTlsClient& operator=(const RawTlsClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  bool send(std::string_view bytes);
  // Everything until the server closes, or ten seconds have passed without a byte.
  std::string readAll();
  [[nodiscard]] bool closedByServer() const { return closed_; }
  // Serial number of the server's certificate in hexadecimal.
  [[nodiscard]] std::string serverSerial() const;
  [[nodiscard]] std::string negotiated() const;  // "TLSv1.3"

 private:
  UniqueFd socket_;
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  bool connected_ = false;
  bool closed_ = false;
};

}  // namespace stowage::serving

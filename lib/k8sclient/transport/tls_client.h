// TlsClient: the SSL context of one transport, with the sessions that its server gave us to resume.
// Thread safe.
#pragma once

#include <memory>
#include <mutex>

#include "base/status.h"
#include "k8sclient/transport/polled_connection.h"
#include "k8sclient/transport/tls_identity.h"

namespace stowage::k8sclient {

class TlsClient {
 public:
  static base::Result<std::unique_ptr<TlsClient>> make(const Endpoint& endpoint);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  Io handshake(PolledConnection& connection);

 private:
  explicit TlsClient(std::shared_ptr<const TlsIdentity> identity);
  // OpenSSL's call for each new session; takes it over.
  static int keepSession(ssl_st* ssl, ssl_session_st* session);

  const std::shared_ptr<const TlsIdentity> identity_;
  ssl_ctx_st* context_;
  std::mutex mutex_;
  ssl_session_st* session_ = nullptr;
};

}  // namespace stowage::k8sclient

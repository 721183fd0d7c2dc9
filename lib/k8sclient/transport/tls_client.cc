#include "k8sclient/transport/tls_client.h"

#include <openssl/ssl.h>

#include <utility>

namespace stowage::k8sclient {

base::Result<std::unique_ptr<TlsClient>> TlsClient::make(const Endpoint& endpoint) {
  auto identity = TlsIdentity::load(endpoint);
  if (!identity) return base::fail(identity.error());
  std::unique_ptr<TlsClient> client(new TlsClient(std::move(*identity)));
  if (client->context_ == nullptr) return base::fail(base::Code::kInternal, "no TLS context");
  const base::Status status = client->identity_->apply(client->context_);
  if (!status.ok()) return base::fail(status);
  return client;
}

TlsClient::TlsClient(std::shared_ptr<const TlsIdentity> identity)
    : identity_(std::move(identity)), context_(SSL_CTX_new(TLS_client_method())) {
  if (context_ == nullptr) return;
  SSL_CTX_set_session_cache_mode(context_,
                                 SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_set_app_data(context_, this);
  SSL_CTX_sess_set_new_cb(context_, &TlsClient::keepSession);
}

TlsClient::~TlsClient() {
  SSL_SESSION_free(session_);
  SSL_CTX_free(context_);
}

int TlsClient::keepSession(SSL* ssl, SSL_SESSION* session) {
  auto* self = static_cast<TlsClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  std::lock_guard lock(self->mutex_);
  SSL_SESSION_free(std::exchange(self->session_, session));
  return 1;
}

Io TlsClient::handshake(PolledConnection& connection) {
  SSL_SESSION* resume = nullptr;
  {
    // A session is used once, as TLS 1.3 asks for; the handshake brings new ones.
    std::lock_guard lock(mutex_);
    resume = std::exchange(session_, nullptr);
  }
  const Io io = connection.startTls(context_, identity_->sniName(), resume);
  SSL_SESSION_free(resume);
  return io;
}

}  // namespace stowage::k8sclient

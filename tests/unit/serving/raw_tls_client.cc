#include "unit/serving/raw_tls_client.h"

#include <netinet/in.h>
#include <openssl/bn.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>

namespace stowage::serving {

namespace {

UniqueFd connectTo(std::uint16_t port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{10, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    socket.reset();
  }
  return socket;
}

}  // namespace

RawTlsClient::RawTlsClient(std::uint16_t port, bool tls, int max_version)
    : socket_(connectTo(port)), context_(nullptr, &SSL_CTX_free), ssl_(nullptr, &SSL_free) {
  connected_ = socket_.valid();
  if (!connected_ || !tls) return;
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(context_.get(), 0);
  if (max_version != 0) {
    SSL_CTX_set_min_proto_version(context_.get(), 0);
    SSL_CTX_set_max_proto_version(context_.get(), max_version);
  }
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), socket_.get());
  connected_ = SSL_connect(ssl_.get()) == 1;
}

RawTlsClient::~RawTlsClient() = default;

bool RawTlsClient::send(std::string_view bytes) {
  if (ssl_ == nullptr) {
    return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
         static_cast<int>(bytes.size());
}

std::string RawTlsClient::readAll() {
  std::string out;
  std::array<char, 4096> buffer;
  for (;;) {
    errno = 0;
    const int count = ssl_ == nullptr
                          ? static_cast<int>(::recv(socket_.get(), buffer.data(), buffer.size(), 0))
                          : SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0) {
      closed_ = errno != EAGAIN && errno != EWOULDBLOCK;
      return out;
    }
    out.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string RawTlsClient::serverSerial() const {
  const std::unique_ptr<X509, void (*)(X509*)> cert(SSL_get1_peer_certificate(ssl_.get()),
                                                    &X509_free);
  if (cert == nullptr) return {};
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number(
      ASN1_INTEGER_to_BN(X509_get_serialNumber(cert.get()), nullptr), &BN_free);
  char* text = BN_bn2hex(number.get());
  std::string out(text);
  OPENSSL_free(text);
  return out;
}

std::string RawTlsClient::negotiated() const { return SSL_get_version(ssl_.get()); }

}  // namespace stowage::serving

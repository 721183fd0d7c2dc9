#include "serving/server_tls.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "serving/self_signed.h"

namespace stowage::serving {

namespace {

constexpr auto kValidity = std::chrono::hours(24 * 365);
constexpr auto kRenewBefore = std::chrono::hours(24 * 30);
constexpr std::size_t kMaxPemBytes = std::size_t{1} << 20;
// Forward secrecy and authenticated encryption only; TLS 1.3's suites are all of that kind.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Deleter<&BIO_free_all>>;
using CertPtr = std::unique_ptr<X509, Deleter<&X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<&EVP_PKEY_free>>;

base::Result<std::string> readFile(const std::string& path, std::string_view flag) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxPemBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const int error = errno;
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || text.empty() || text.size() > kMaxPemBytes) {
    const char* why = error != 0 ? std::strerror(error) : text.empty() ? "empty" : "too long";
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("cannot read {} {}: {}", flag, path, why));
  }
  return text;
}

BioPtr bioOf(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Encrypted keys must not make a server ask at a terminal.
int noPassword(char*, int, int, void*) { return 0; }

int chooseHttp11(SSL*, const unsigned char** out, unsigned char* out_length,
                 const unsigned char* offered, unsigned int offered_length, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  const int chosen = SSL_select_next_proto(const_cast<unsigned char**>(out), out_length, kHttp11,
                                           sizeof(kHttp11) - 1, offered, offered_length);
  return chosen == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

std::shared_ptr<SSL_CTX> newContext(bool tls13_only) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(context.get(), tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context.get(), &chooseHttp11, nullptr);
  if (SSL_CTX_set_cipher_list(context.get(), kTls12Ciphers) != 1) return nullptr;
  return context;
}

bool loadChain(SSL_CTX* context, const std::string& pem, base::WallTime& not_after) {
  const BioPtr bio = bioOf(pem);
  const CertPtr leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, &noPassword, nullptr));
  if (leaf == nullptr || SSL_CTX_use_certificate(context, leaf.get()) != 1) return false;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, &noPassword, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) != 1) {
      X509_free(next);
      return false;
    }
  }
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf.get()), &end) != 1) return false;
  not_after = base::WallTime(std::chrono::seconds(::timegm(&end)));
  return true;
}

bool loadKey(SSL_CTX* context, const std::string& pem) {
  const BioPtr bio = bioOf(pem);
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &noPassword, nullptr));
  return key != nullptr && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

}  // namespace

base::Result<std::unique_ptr<ServerTls>> ServerTls::create(TlsOptions options, base::Clock& clock) {
  std::unique_ptr<ServerTls> tls(new ServerTls(std::move(options), clock));
  auto pair = tls->selfSigned() ? tls->makeSelfSigned() : tls->readFiles();
  if (!pair) return base::fail(pair.error());
  if (const base::Status status = tls->use(std::move(*pair)); !status.ok()) {
    return base::fail(status);
  }
  return tls;
}

std::shared_ptr<ssl_ctx_st> ServerTls::context() const {
  std::lock_guard lock(mutex_);
  return context_;
}

base::WallTime ServerTls::notAfter() const {
  std::lock_guard lock(mutex_);
  return not_after_;
}

bool ServerTls::refresh() {
  if (selfSigned() && clock_.wallNow() + kRenewBefore < notAfter()) return false;
  auto pair = selfSigned() ? makeSelfSigned() : readFiles();
  if (pair && *pair == pair_) {
    last_error_.clear();
    return false;
  }
  const base::Status status = pair ? use(std::move(*pair)) : pair.error();
  if (status.ok()) {
    last_error_.clear();
    base::log().info("serving certificate replaced", {{"notAfter", base::formatTime(notAfter())}});
    return true;
  }
  if (last_error_ != status.message()) {
    last_error_ = status.message();
    base::log().warn("keeping the old serving certificate", {{"reason", status.message()}});
  }
  return false;
}

base::Result<ServerTls::Pair> ServerTls::readFiles() const {
  auto cert = readFile(options_.cert_file, "--tls-cert-file");
  if (!cert) return base::fail(cert.error());
  auto key = readFile(options_.key_file, "--tls-private-key-file");
  if (!key) return base::fail(key.error());
  return Pair{std::move(*cert), std::move(*key)};
}

base::Result<ServerTls::Pair> ServerTls::makeSelfSigned() const {
  auto made = makeSelfSignedCertificate(options_.bind_address, clock_.wallNow(), kValidity);
  if (!made) return base::fail(made.error());
  return Pair{std::move(made->cert_pem), std::move(made->key_pem)};
}

base::Status ServerTls::use(Pair pair) {
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context = newContext(options_.tls13_only);
  if (context == nullptr) return {base::Code::kInternal, "cannot set up TLS"};
  base::WallTime not_after;
  const auto bad = [](const std::string& what) {
    ERR_clear_error();
    return base::Status(base::Code::kInvalidArgument, what);
  };
  if (!loadChain(context.get(), pair.cert_pem, not_after)) {
    return bad(fmt::format("--tls-cert-file {}: no usable PEM certificate", options_.cert_file));
  }
  if (!loadKey(context.get(), pair.key_pem)) {
    return bad(
        fmt::format("--tls-private-key-file {}: no usable PEM key without password that "
                    "fits the certificate",
                    options_.key_file));
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return bad(fmt::format("--tls-private-key-file {} does not fit --tls-cert-file {}",
                           options_.key_file, options_.cert_file));
  }
  ERR_clear_error();
  std::lock_guard lock(mutex_);
  context_ = context;
  not_after_ = not_after;
  pair_ = std::move(pair);
  return {};
}

}  // namespace stowage::serving

#include "k8sclient/transport/tls_identity.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace stowage::k8sclient {

namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;
using CertPtr = std::unique_ptr<X509, Freer<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;

// Keeps OpenSSL from asking for a password on the terminal.
int noPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

BioPtr memoryBio(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// All certificates of a PEM text. Empty when there is none or one is broken.
std::vector<CertPtr> parseCertificates(const std::string& pem) {
  std::vector<CertPtr> certs;
  const BioPtr bio = memoryBio(pem);
  while (X509* cert = PEM_read_bio_X509(bio.get(), nullptr, noPassword, nullptr)) {
    certs.emplace_back(cert);
  }
  // The end of the text is reported as "no start line"; anything else is a broken block.
  const unsigned long last = ERR_peek_last_error();
  const bool clean =
      ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!clean) certs.clear();
  return certs;
}

std::optional<SystemTrust>& rememberedTrust() {
  static std::optional<SystemTrust> trust;
  return trust;
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

bool addSystemTrust(X509_STORE* store) {
  if (!rememberedTrust()) return X509_STORE_set_default_paths(store) == 1;
  const SystemTrust& trust = *rememberedTrust();
  const std::string file = trust.file.value_or(X509_get_default_cert_file());
  const std::string directory = trust.directory.value_or(X509_get_default_cert_dir());
  X509_STORE_load_file(store, file.c_str());
  X509_STORE_load_path(store, directory.c_str());
  ERR_clear_error();
  return true;
}

class LoadedIdentity final : public TlsIdentity {
 public:
  base::Status load(const Endpoint& endpoint);
  base::Status apply(SSL_CTX* context) const override;
  [[nodiscard]] const std::string& sniName() const override { return sni_name_; }
  [[nodiscard]] std::string lastVerifyError() const override {
    std::lock_guard lock(mutex_);
    return verify_error_;
  }

 private:
  base::Status loadTrust(const Endpoint& endpoint);
  base::Status loadClient(const Endpoint& endpoint);
  // Runs OpenSSL's own verification and keeps the reason of a refusal.
  static int verify(X509_STORE_CTX* context, void* self);

  std::string name_;  // name or address to verify
  std::string sni_name_;
  bool name_is_address_ = false;
  bool skip_verify_ = false;
  StorePtr trust_;
  std::vector<CertPtr> client_chain_;
  KeyPtr client_key_;
  mutable std::mutex mutex_;
  mutable std::string verify_error_;
};

base::Status LoadedIdentity::load(const Endpoint& endpoint) {
  name_ = endpoint.tls_server_name.empty() ? endpoint.host : endpoint.tls_server_name;
  name_is_address_ = isIpAddress(name_);
  if (!name_is_address_) sni_name_ = name_;
  skip_verify_ = endpoint.insecure_skip_verify;
  if (base::Status status = loadTrust(endpoint); !status.ok()) return status;
  return loadClient(endpoint);
}

base::Status LoadedIdentity::loadTrust(const Endpoint& endpoint) {
  trust_.reset(X509_STORE_new());
  if (!trust_) return {base::Code::kInternal, "OpenSSL is out of memory"};
  if (skip_verify_) return {};
  if (endpoint.ca_pem.empty()) {
    if (addSystemTrust(trust_.get())) return {};
    return {base::Code::kInvalidArgument, "cannot read the system's trusted certificates"};
  }
  const std::vector<CertPtr> certs = parseCertificates(endpoint.ca_pem);
  if (certs.empty()) {
    return {base::Code::kInvalidArgument, "certificate authority: no valid PEM certificate"};
  }
  for (const CertPtr& cert : certs) X509_STORE_add_cert(trust_.get(), cert.get());
  ERR_clear_error();  // a certificate given twice leaves an error behind
  return {};
}

base::Status LoadedIdentity::loadClient(const Endpoint& endpoint) {
  if (endpoint.client_cert_pem.empty() && endpoint.client_key_pem.empty()) return {};
  if (endpoint.client_cert_pem.empty() || endpoint.client_key_pem.empty()) {
    return {base::Code::kInvalidArgument, "client certificate and client key are needed together"};
  }
  client_chain_ = parseCertificates(endpoint.client_cert_pem);
  if (client_chain_.empty()) {
    return {base::Code::kInvalidArgument, "client certificate: no valid PEM certificate"};
  }
  const BioPtr bio = memoryBio(endpoint.client_key_pem);
  client_key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassword, nullptr));
  ERR_clear_error();
  if (!client_key_) {
    return {base::Code::kInvalidArgument, "client key: no valid unencrypted PEM private key"};
  }
  const bool match = X509_check_private_key(client_chain_.front().get(), client_key_.get()) == 1;
  ERR_clear_error();
  if (!match) return {base::Code::kInvalidArgument, "client key does not belong to certificate"};
  return {};
}

base::Status LoadedIdentity::apply(SSL_CTX* context) const {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set1_cert_store(context, trust_.get());
  SSL_CTX_set_verify(context, skip_verify_ ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!skip_verify_) {
    X509_VERIFY_PARAM* param = SSL_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_hostflags(
        param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int named = name_is_address_ ? X509_VERIFY_PARAM_set1_ip_asc(param, name_.c_str())
                                       : X509_VERIFY_PARAM_set1_host(param, name_.c_str(), 0);
    if (named != 1) return {base::Code::kInvalidArgument, "server name cannot be verified"};
    SSL_CTX_set_cert_verify_callback(context, &LoadedIdentity::verify,
                                     const_cast<LoadedIdentity*>(this));
  }
  if (!client_chain_.empty()) {
    bool ok = SSL_CTX_use_certificate(context, client_chain_.front().get()) == 1;
    for (std::size_t i = 1; ok && i < client_chain_.size(); ++i) {
      ok = SSL_CTX_add1_chain_cert(context, client_chain_[i].get()) == 1;
    }
    ok = ok && SSL_CTX_use_PrivateKey(context, client_key_.get()) == 1;
    ERR_clear_error();
    if (!ok) return {base::Code::kInvalidArgument, "client certificate is not usable with TLS"};
  }
  return {};
}

int LoadedIdentity::verify(X509_STORE_CTX* context, void* self) {
  const int verdict = X509_verify_cert(context);
  if (verdict != 1) {
    const auto* identity = static_cast<const LoadedIdentity*>(self);
    std::lock_guard lock(identity->mutex_);
    identity->verify_error_ = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
  }
  return verdict;
}

}  // namespace

base::Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::load(const Endpoint& endpoint) {
  auto identity = std::make_shared<LoadedIdentity>();
  if (base::Status status = identity->load(endpoint); !status.ok()) return base::fail(status);
  return identity;
}

bool isIpv6Address(std::string_view host) {
  in6_addr address{};
  return inet_pton(AF_INET6, std::string(host).c_str(), &address) == 1;
}

bool isIpAddress(std::string_view host) {
  in_addr address{};
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 || isIpv6Address(host);
}

void rememberSystemTrust() {
  if (rememberedTrust()) return;
  rememberedTrust() = SystemTrust{environment("SSL_CERT_FILE"), environment("SSL_CERT_DIR")};
}

const SystemTrust* rememberedSystemTrust() {
  const std::optional<SystemTrust>& trust = rememberedTrust();
  return trust ? &*trust : nullptr;
}

}  // namespace stowage::k8sclient

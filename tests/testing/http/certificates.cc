#include "testing/http/certificates.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/check.h"

namespace stowage::testing {

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

constexpr long kHour = 3600;

KeyPtr makeKey() {
  KeyPtr key(EVP_EC_gen("P-256"));
  STOWAGE_CHECK(key != nullptr, "test key");
  return key;
}

std::string textOf(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pemOf(X509* cert) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), cert);
  return textOf(bio);
}

std::string pemOf(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return textOf(bio);
}

void addExtension(X509* cert, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  STOWAGE_CHECK(extension != nullptr, "test certificate extension");
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

void addName(X509_NAME* name, const char* field, const std::string& value) {
  if (value.empty()) return;
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
}

// An unsigned certificate with a random serial number.
CertPtr blank(EVP_PKEY* key, const std::string& common_name, const std::string& organisation) {
  CertPtr cert(X509_new());
  STOWAGE_CHECK(cert != nullptr, "test certificate");
  X509_set_version(cert.get(), 2);
  std::uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), static_cast<long>(serial) + 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -kHour);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 24 * kHour);
  X509_set_pubkey(cert.get(), key);
  addName(X509_get_subject_name(cert.get()), "O", organisation);
  addName(X509_get_subject_name(cert.get()), "CN", common_name);
  return cert;
}

bool isAddress(const std::string& name) {
  in6_addr address{};
  return inet_pton(AF_INET, name.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

}  // namespace

struct TestAuthority::Keys {
  KeyPtr key = makeKey();
  CertPtr cert;
  std::string pem;

  TestCertificate sign(CertPtr leaf, const KeyPtr& leaf_key, const std::string& usage,
                       const std::string& names) const {
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(cert.get()));
    addExtension(leaf.get(), cert.get(), NID_basic_constraints, "CA:FALSE");
    addExtension(leaf.get(), cert.get(), NID_ext_key_usage, usage);
    if (!names.empty()) addExtension(leaf.get(), cert.get(), NID_subject_alt_name, names);
    STOWAGE_CHECK(X509_sign(leaf.get(), key.get(), EVP_sha256()) > 0, "test signature");
    return {pemOf(leaf.get()), pemOf(leaf_key.get())};
  }
};

TestAuthority::TestAuthority(const std::string& name) : keys_(std::make_unique<Keys>()) {
  keys_->cert = blank(keys_->key.get(), name, "");
  X509* cert = keys_->cert.get();
  X509_set_issuer_name(cert, X509_get_subject_name(cert));
  addExtension(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
  addExtension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
  addExtension(cert, cert, NID_subject_key_identifier, "hash");
  STOWAGE_CHECK(X509_sign(cert, keys_->key.get(), EVP_sha256()) > 0, "test signature");
  keys_->pem = pemOf(cert);
}

TestAuthority::~TestAuthority() = default;

const std::string& TestAuthority::pem() const { return keys_->pem; }

TestCertificate TestAuthority::server(const std::vector<std::string>& names) const {
  std::string alternatives;
  for (const std::string& name : names) {
    if (!alternatives.empty()) alternatives += ",";
    alternatives += (isAddress(name) ? "IP:" : "DNS:") + name;
  }
  const KeyPtr key = makeKey();
  return keys_->sign(blank(key.get(), "test-server", ""), key, "serverAuth", alternatives);
}

TestCertificate TestAuthority::client(const std::string& user, const std::string& group) const {
  const KeyPtr key = makeKey();
  return keys_->sign(blank(key.get(), user, group), key, "clientAuth", "");
}

}  // namespace stowage::testing

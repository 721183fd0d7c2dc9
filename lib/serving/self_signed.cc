#include "serving/self_signed.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

namespace stowage::serving {

namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<&EVP_PKEY_free>>;
using CertPtr = std::unique_ptr<X509, Deleter<&X509_free>>;
using BioPtr = std::unique_ptr<BIO, Deleter<&BIO_free_all>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Deleter<&X509_EXTENSION_free>>;

constexpr long kVersion3 = 2;  // X.509 counts from 0

bool setSerial(X509* cert) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  const std::unique_ptr<BIGNUM, Deleter<&BN_free>> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert)) != nullptr;
}

bool addExtension(X509* cert, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, cert, cert, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(cert, extension.get(), -1) == 1;
}

bool fill(X509* cert, EVP_PKEY* key, const std::string& names, base::WallTime now,
          base::Duration validity) {
  const auto seconds = [](base::WallTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  const auto end = now + std::chrono::duration_cast<base::WallTime::duration>(validity);
  X509_NAME* subject = X509_get_subject_name(cert);
  const auto* common_name = reinterpret_cast<const unsigned char*>("stowage-self-signed");
  return X509_set_version(cert, kVersion3) == 1 && setSerial(cert) &&
         ASN1_TIME_set(X509_getm_notBefore(cert), seconds(now - std::chrono::hours(1))) !=
             nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(cert), seconds(end)) != nullptr &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1 &&
         addExtension(cert, NID_subject_alt_name, names) &&
         addExtension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
         addExtension(cert, NID_key_usage, "critical,digitalSignature") &&
         addExtension(cert, NID_ext_key_usage, "serverAuth") &&
         X509_sign(cert, key, EVP_sha256()) > 0;
}

std::string contentOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

base::Result<CertificatePem> makeSelfSignedCertificate(const std::string& address,
                                                       base::WallTime now,
                                                       base::Duration validity) {
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  if (!address.empty() && address != "0.0.0.0" && address != "::" && address != "127.0.0.1" &&
      address != "::1" && address.find_first_not_of("0123456789abcdefABCDEF.:") == address.npos) {
    names += fmt::format(",IP:{}", address);
  }
  const KeyPtr key(EVP_EC_gen("P-256"));
  const CertPtr cert(X509_new());
  const BioPtr cert_bio(BIO_new(BIO_s_mem()));
  const BioPtr key_bio(BIO_new(BIO_s_mem()));
  const bool ok = key != nullptr && cert != nullptr && cert_bio != nullptr && key_bio != nullptr &&
                  fill(cert.get(), key.get(), names, now, validity) &&
                  PEM_write_bio_X509(cert_bio.get(), cert.get()) == 1 &&
                  PEM_write_bio_PrivateKey(key_bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                           nullptr) == 1;
  if (!ok) return base::fail(base::Code::kInternal, "cannot make a self-signed certificate");
  return CertificatePem{contentOf(cert_bio.get()), contentOf(key_bio.get())};
}

}  // namespace stowage::serving

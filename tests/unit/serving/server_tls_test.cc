#include "serving/server_tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>

#include "serving/self_signed.h"
#include "testing/http/certificates.h"

namespace stowage::serving {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ServerTlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "stowage-tls-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }
  TlsOptions writePair(const testing::TestCertificate& pair) {
    return {write("tls.crt", pair.cert_pem), write("tls.key", pair.key_pem), "127.0.0.1", false};
  }

  std::filesystem::path folder_;
  testing::TestAuthority authority_;
  base::ManualClock clock_;
};

TEST_F(ServerTlsTest, WithoutFilesItSignsForItself) {
  auto tls = ServerTls::create({"", "", "192.0.2.7", false}, clock_);
  ASSERT_TRUE(tls.has_value()) << tls.error().toString();
  X509* cert = SSL_CTX_get0_certificate((*tls)->context().get());
  ASSERT_NE(cert, nullptr);
  EXPECT_EQ(X509_check_host(cert, "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(cert, "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(cert, "::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(cert, "192.0.2.7", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(cert, "192.0.2.8", 0), 0);
  EXPECT_EQ((*tls)->notAfter(), clock_.wallNow() + 365 * 24h);
}

TEST_F(ServerTlsTest, ASelfSignedCertificateIsRenewedAMonthBeforeItsEnd) {
  auto tls = ServerTls::create({}, clock_);
  ASSERT_TRUE(tls.has_value());
  const auto first = (*tls)->context();
  clock_.advance(334 * 24h);
  EXPECT_FALSE((*tls)->refresh());
  clock_.advance(2 * 24h);
  EXPECT_TRUE((*tls)->refresh());
  EXPECT_NE((*tls)->context(), first);
}

TEST_F(ServerTlsTest, FilesAreReadAgainWhenTheyChange) {
  auto tls = ServerTls::create(writePair(authority_.server({"a"})), clock_);
  ASSERT_TRUE(tls.has_value()) << tls.error().toString();
  const auto first = (*tls)->context();
  EXPECT_FALSE((*tls)->refresh());
  EXPECT_EQ((*tls)->context(), first);
  writePair(authority_.server({"b"}));
  EXPECT_TRUE((*tls)->refresh());
  X509* cert = SSL_CTX_get0_certificate((*tls)->context().get());
  EXPECT_EQ(X509_check_host(cert, "b", 0, 0, nullptr), 1);
}

TEST_F(ServerTlsTest, HalfARotationKeepsTheOldPair) {
  auto tls = ServerTls::create(writePair(authority_.server({"a"})), clock_);
  ASSERT_TRUE(tls.has_value());
  const auto first = (*tls)->context();
  const testing::TestCertificate next = authority_.server({"b"});
  write("tls.crt", next.cert_pem);
  EXPECT_FALSE((*tls)->refresh());
  std::filesystem::remove(folder_ / "tls.key");
  EXPECT_FALSE((*tls)->refresh());
  EXPECT_EQ((*tls)->context(), first);
  write("tls.key", next.key_pem);
  EXPECT_TRUE((*tls)->refresh());
}

TEST_F(ServerTlsTest, ErrorsNameFileAndFlag) {
  const testing::TestCertificate one = authority_.server({"a"});
  const testing::TestCertificate other = authority_.server({"b"});
  const auto problem = [&](const TlsOptions& options) {
    auto tls = ServerTls::create(options, clock_);
    return tls ? std::string() : tls.error().message();
  };
  EXPECT_THAT(problem({"/nowhere/tls.crt", "/nowhere/tls.key", "", false}),
              HasSubstr("cannot read --tls-cert-file /nowhere/tls.crt: No such file"));
  EXPECT_THAT(problem(writePair({one.cert_pem, other.key_pem})),
              AllOf(HasSubstr("--tls-private-key-file"), HasSubstr("tls.key")));
  EXPECT_THAT(problem(writePair({"garbage", one.key_pem})), HasSubstr("no usable PEM certificate"));
  EXPECT_THAT(problem(writePair({one.cert_pem, "garbage"})), HasSubstr("no usable PEM key"));
  EXPECT_THAT(problem(writePair({one.cert_pem, ""})), HasSubstr(": empty"));
}

TEST_F(ServerTlsTest, AKeyWithAPasswordIsRefusedWithoutAsking) {
  const testing::TestCertificate one = authority_.server({"a"});
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBA=\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  EXPECT_FALSE(ServerTls::create(writePair({one.cert_pem, encrypted}), clock_).has_value());
}

TEST(SelfSignedCertificate, IsAnotherOneEveryTime) {
  const base::WallTime now(1'700'000'000s);
  const auto first = makeSelfSignedCertificate("", now, 24h);
  const auto second = makeSelfSignedCertificate("not an address", now, 24h);
  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(second.has_value());
  EXPECT_NE(first->key_pem, second->key_pem);
}

}  // namespace
}  // namespace stowage::serving

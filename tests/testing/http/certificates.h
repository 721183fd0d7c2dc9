// TestAuthority: a certificate authority in memory (EC P-256 keys), for tests of TLS. Nothing comes
// from or goes to disk. Mistakes end the test program. Not thread safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace stowage::testing {

struct TestCertificate {
  std::string cert_pem;
  std::string key_pem;
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "test-ca");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  [[nodiscard]] const std::string& pem() const;
  // A server's certificate for these DNS names and IP addresses, valid from an hour ago for a day.
  [[nodiscard]] TestCertificate server(const std::vector<std::string>& names) const;
  // A client's: common name is the user, organisation the group.
  [[nodiscard]] TestCertificate client(const std::string& user,
                                       const std::string& group = {}) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
};

}  // namespace stowage::testing

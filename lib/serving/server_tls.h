// ServerTls: the certificate that serving shows: from files, looked at again every few seconds, or
// self-signed and in memory only. TLS 1.2 and 1.3, no renegotiation, no tickets, no compression.
// Thread safety: context() from any thread; refresh() from one.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/status.h"

struct ssl_ctx_st;

namespace stowage::serving {

struct TlsOptions {
  std::string cert_file;     // PEM, the server's certificate first; "" with key_file: self-signed
  std::string key_file;      // PEM, not encrypted
  std::string bind_address;  // a name of the self-signed certificate, beside localhost
  bool tls13_only = false;
};

class ServerTls {
 public:
  // Errors name the file and the flag.
  static base::Result<std::unique_ptr<ServerTls>> create(TlsOptions options, base::Clock& clock);

  // What new connections use. Old connections keep theirs.
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> context() const;
  // When the certificate ends.
  [[nodiscard]] base::WallTime notAfter() const;

  // Reads the files again and takes them when they changed and fit together; a self-signed
  // certificate is made anew a month before it ends. Keeps the old one, and says so once, on any
  // error. True when new connections get another certificate.
  bool refresh();

 private:
  struct Pair {
    std::string cert_pem;
    std::string key_pem;
    friend bool operator==(const Pair&, const Pair&) = default;
  };
  ServerTls(TlsOptions options, base::Clock& clock) : options_(std::move(options)), clock_(clock) {}
  base::Result<Pair> readFiles() const;
  base::Result<Pair> makeSelfSigned() const;
  base::Status use(Pair pair);
  bool selfSigned() const { return options_.cert_file.empty(); }

  const TlsOptions options_;
  base::Clock& clock_;
  std::string last_error_;
  Pair pair_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
  base::WallTime not_after_;
};

}  // namespace stowage::serving

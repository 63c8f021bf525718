#pragma once
// Certificates for tests: made here, signed by themselves.
#include <filesystem>
#include <string>

namespace wasl::test {

struct CertificateFiles {
  std::filesystem::path certificate, key;
};
/// In `folder`, under `name`. @param subject as OpenSSL writes it: "IP:127.0.0.1" or "DNS:hub.example".
CertificateFiles make_certificate(const std::filesystem::path& folder, const std::string& name,
                                  const std::string& subject, long valid_from_days = -1,
                                  long valid_for_days = 30);

}  // namespace wasl::test

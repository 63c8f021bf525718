#pragma once
// The certificate that a port shows, followed as its files change: whoever renews it need not stop the hub.
// Thread: the Loop's.
#include <filesystem>
#include <memory>

#include "shared/base/result.hpp"
#include "shared/net/tls.hpp"

namespace wasl {

class Certificate {
 public:
  /// Both paths empty: no TLS. Errors: as TlsIdentity::load.
  static Result<Certificate> open(std::filesystem::path certificate, std::filesystem::path key);

  [[nodiscard]] const std::shared_ptr<const TlsIdentity>& identity() const { return identity_; }
  /// Looks at the files. @return another identity than before, or nothing. What cannot be used is logged
  /// once, and the one before goes on.
  std::shared_ptr<const TlsIdentity> renewed();

 private:
  struct Times {
    std::filesystem::file_time_type certificate{};
    std::filesystem::file_time_type key{};
    bool operator==(const Times&) const = default;
  };
  [[nodiscard]] Times times() const;

  std::filesystem::path certificate_;
  std::filesystem::path key_;
  Times loaded_;
  std::shared_ptr<const TlsIdentity> identity_;
};

}  // namespace wasl

#include "server/app/certificate.hpp"

#include <system_error>

#include "shared/log/log.hpp"

namespace wasl {

Result<Certificate> Certificate::open(std::filesystem::path certificate, std::filesystem::path key) {
  Certificate out;
  out.certificate_ = std::move(certificate);
  out.key_ = std::move(key);
  if (out.certificate_.empty()) return out;
  out.loaded_ = out.times();
  WASL_LET(out.identity_, TlsIdentity::load(out.certificate_, out.key_));
  return out;
}

Certificate::Times Certificate::times() const {
  std::error_code gone;  // then the time is the least one there is
  return {std::filesystem::last_write_time(certificate_, gone), std::filesystem::last_write_time(key_, gone)};
}

std::shared_ptr<const TlsIdentity> Certificate::renewed() {
  if (identity_ == nullptr) return nullptr;
  const Times now = times();
  if (now == loaded_) return nullptr;
  loaded_ = now;
  auto next = TlsIdentity::load(certificate_, key_);
  if (!next) {
    log::error("hub.certificate", {{"reason", next.error().message}, {"goes_on", "with the one before"}});
    return nullptr;
  }
  identity_ = std::move(*next);
  log::info("hub.certificate", {{"pin", to_base64url(identity_->pin().view())}});
  return identity_;
}

}  // namespace wasl

#include "shared/authority/invitation.hpp"

#include "shared/base/packed.hpp"

namespace wasl {
namespace {

constexpr std::string_view kPrefix = "wasl:";
constexpr std::size_t kUrlBytes = 512;
constexpr std::size_t kInvitedBytes = 64;
constexpr std::size_t kCheckBytes = 4;  // a line that was cut or mistyped is found before anybody is asked
constexpr std::string_view kCheckTag = "wasl.1/invitation";

tl::unexpected<Error> not_one() {
  return fail(Errc::malformed, "this is not a whole invitation",
              "copy the line from `wasl:` to its end, without spaces inside");
}

constexpr std::string_view kFingerprintTag = "wasl.1/fingerprint";
constexpr std::size_t kFingerprintBytes = 10;

}  // namespace

std::string fingerprint(const PublicKey& key) {
  const std::string digits =
      to_hex(crypto::hash(kFingerprintTag, key.view()).view().first(kFingerprintBytes));
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i += 4) out += (i == 0 ? "" : " ") + digits.substr(i, 4);
  return out;
}

std::string plain_fingerprint(std::string_view typed) {
  std::string out;
  for (const char c : typed) {
    if (c == ' ' || c == '-') continue;
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return out;
}

std::string encode(const Invitation& invitation) {
  Writer out;
  out.byte(Invitation::kVersion);
  out.fixed(invitation.network);
  out.varint(invitation.statement_number);
  out.fixed(invitation.statement);
  out.fixed(invitation.log_key);
  out.sized(invitation.url);
  out.sized(invitation.organisation);
  out.sized(invitation.role);
  out.integer(invitation.until);
  out.fixed(invitation.seed);
  const Hash check = crypto::hash(kCheckTag, out.bytes());
  out.raw(check.view().first(kCheckBytes));
  return std::string(kPrefix) + to_base64url(out.bytes());
}

Result<Invitation> decode_invitation(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return not_one();
  text = text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
  if (!text.starts_with(kPrefix)) return not_one();
  const auto bytes = from_base64url(text.substr(kPrefix.size()));
  if (!bytes || bytes->size() <= kCheckBytes) return not_one();
  const ByteView body = ByteView(*bytes).first(bytes->size() - kCheckBytes);
  const Hash check = crypto::hash(kCheckTag, body);
  const ByteView tail = ByteView(*bytes).last(kCheckBytes);
  if (!std::equal(tail.begin(), tail.end(), check.bytes.begin())) return not_one();
  Reader in(body);
  if (in.byte() != Invitation::kVersion) {
    return fail(Errc::unsupported, "this invitation was made by a newer version", "update this program");
  }
  Invitation invitation;
  invitation.network = in.fixed<NetworkId>();
  invitation.statement_number = in.varint();
  invitation.statement = in.fixed<Hash>();
  invitation.log_key = in.fixed<PublicKey>();
  invitation.url = in.text(kUrlBytes);
  invitation.organisation = in.text(kInvitedBytes);
  invitation.role = in.text(kInvitedBytes);
  invitation.until = in.integer();
  invitation.seed = in.fixed<crypto::Seed>();
  if (!in.finished()) return not_one();
  return invitation;
}

}  // namespace wasl

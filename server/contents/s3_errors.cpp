#include "server/contents/s3_errors.hpp"

#include <algorithm>
#include <array>

namespace wasl {
namespace {

constexpr std::size_t kCodeMost = 64;

struct Known {
  std::string_view code;
  Errc errc;
  std::string_view words;
  std::string_view hint;
};
constexpr std::array kKnown{
    Known{"NoSuchBucket", Errc::not_found, "it has no bucket of this name",
          "make the bucket, or set s3.bucket right"},
    Known{"InvalidAccessKeyId", Errc::unauthorised, "it does not know the key",
          "set the key in s3.key_file right"},
    Known{"SignatureDoesNotMatch", Errc::unauthorised, "the key's secret is not the right one",
          "set the second line of s3.key_file right"},
    Known{"AccessDenied", Errc::unauthorised, "the key may not do this",
          "let it write, read and delete objects of this bucket"},
    Known{"RequestTimeTooSkewed", Errc::unauthorised, "its clock and this machine's differ too much",
          "set this machine's clock right"},
    Known{"AuthorizationHeaderMalformed", Errc::invalid_value, "it is of another region",
          "set s3.region right"},
    Known{"PermanentRedirect", Errc::invalid_value, "the bucket lies at another address",
          "set s3.endpoint and s3.region right"},
    Known{"QuotaExceeded", Errc::storage_failed, "it is full", "raise its quota"},
};

}  // namespace

std::string S3Answer::code() const {
  const std::string_view text = text_view(body);
  constexpr std::string_view kBegin = "<Code>";
  const auto begin = text.find(kBegin);
  if (begin == std::string_view::npos) return {};
  const auto end = text.find('<', begin + kBegin.size());
  if (end == std::string_view::npos || end - begin - kBegin.size() > kCodeMost) return {};
  const std::string code(text.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return std::all_of(code.begin(), code.end(), is_letter) ? code : std::string();
}

Error error_of(const S3Answer& answer, const S3Place& place) {
  const std::string who = "the store of files at " + place.endpoint + " (bucket " + place.bucket + ")";
  if (answer.status == 0)
    return {Errc::no_link, who + " does not answer: " + answer.failure, "is it up, and s3.endpoint right?"};
  const std::string code = answer.code();
  const auto* const known = std::ranges::find(kKnown, code, &Known::code);
  if (known != kKnown.end())
    return {known->errc, who + ": " + std::string(known->words), std::string(known->hint)};
  const std::string said = std::to_string(answer.status) + (code.empty() ? "" : " " + code);
  if (answer.status == 507) return {Errc::storage_failed, who + " is full: " + said, "make room there"};
  if (answer.may_be_better_soon())
    return {Errc::later, who + " is busy or fails: " + said, "look at the store"};
  if (answer.status == 401 || answer.status == 403)
    return {Errc::unauthorised, who + " refuses the key: " + said, "set s3.key_file right"};
  return {Errc::invalid_value, who + " answers what no S3 store should: " + said,
          "set s3.endpoint, s3.region and s3.bucket right"};
}

}  // namespace wasl

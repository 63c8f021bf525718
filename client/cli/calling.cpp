#include "client/cli/calling.hpp"

#include "shared/net/open_network.hpp"

namespace wasl::cli {

Result<std::string> url_of(const Replica& replica, const LinkSettings& link) {
  std::string url = link.url.empty() ? replica.network().url : link.url;
  if (url.empty())
    return fail(Errc::not_found, "the hub's address is not known", "name it with --url wss://HOST:PORT");
  WASL_TRY(may_call_in_plain(url, link.plain_text_on_an_open_network));
  return url;
}

Result<std::vector<std::string>> urls_of(const Replica& replica, const LinkSettings& link) {
  WASL_LET(const std::string url, url_of(replica, link));
  if (link.section.empty() || link.section == url) return std::vector{url};
  WASL_TRY(may_call_in_plain(link.section, link.plain_text_on_an_open_network));
  return std::vector{link.section, url};
}

}  // namespace wasl::cli

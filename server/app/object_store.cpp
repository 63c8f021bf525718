#include "server/app/object_store.hpp"

#include <unistd.h>

#include "server/app/hub_folder.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/settings/settings.hpp"

namespace wasl {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr const char* kKeyId = "AWS_ACCESS_KEY_ID";
constexpr const char* kSecret = "AWS_SECRET_ACCESS_KEY";

}  // namespace

Result<std::optional<ObjectStore>> object_store(const Settings& settings) {
  ObjectStore out;
  out.place = {settings.text("s3.endpoint"), settings.text("s3.region"), settings.text("s3.bucket"),
               settings.text("s3.prefix")};
  out.key_file = settings.path("s3.key_file");
  out.waiting_most = static_cast<std::uint64_t>(settings.whole("s3.waiting_megabytes")) * kMegabyte;
  if (out.place.endpoint.empty() && out.place.bucket.empty()) return std::optional<ObjectStore>();
  if (out.place.endpoint.empty() || out.place.bucket.empty())
    return fail(Errc::invalid_value, "an object store for files needs s3.endpoint and s3.bucket", "set both");
  if (!is_private_endpoint(out.place.endpoint) && !settings.flag("plain_text_on_an_open_network"))
    return fail(Errc::invalid_value,
                "files would go to " + out.place.endpoint + " in plain text: whoever carries them reads them",
                "set s3.endpoint to an https:// address");
  if (!out.place.prefix.empty() && !out.place.prefix.ends_with('/')) out.place.prefix += '/';
  return std::optional(std::move(out));
}

Result<S3Key> key_of(const ObjectStore& store) {
  if (!store.key_file.empty()) {
    const auto text = read_text(store.key_file);
    if (!text)
      return fail(Errc::not_found, "cannot read the key of the object store: " + store.key_file.string(),
                  "set s3.key_file right");
    auto key = read_s3_key(*text);
    if (!key) key.error().hint = "see " + store.key_file.string();
    return key;
  }
  const auto id = environment_variable(kKeyId), secret = environment_variable(kSecret);
  if (id && secret && !id->empty() && !secret->empty()) return S3Key{*id, *secret};
  return fail(Errc::not_found, "the object store's key is not named",
              "set s3.key_file, or " + std::string(kKeyId) + " and " + kSecret + " in the environment");
}

std::unique_ptr<ChunkContents> open_contents(const ObjectStore& store, const S3Key& key,
                                             const std::atomic<bool>* stopping) {
  S3Client::Options options;
  options.stopping = stopping;
  return std::make_unique<S3Contents>(S3Client(store.place, key, options));
}

Result<AwayFiles::Options> away_options(const ObjectStore& store, std::function<void()> wake) {
  WASL_LET(const S3Key key, key_of(store));
  AwayFiles::Options out;
  out.place = store.place.in_words();
  out.waiting_most = store.waiting_most;
  out.worker.wake = std::move(wake);
  out.worker.contents = [store, key](const std::atomic<bool>& stopping) {
    return open_contents(store, key, &stopping);
  };
  return out;
}

Finding look_at_object_store(const ObjectStore& store) {
  constexpr const char* kCheck = "files";
  const auto key = key_of(store);
  if (!key) return failed(kCheck, key.error());
  const auto contents = open_contents(store, *key);
  crypto::SystemRandom random;
  const std::string name = "doctor/" + to_hex(random.fixed<Hash>().view()).substr(0, 16);
  const std::string words = "wasl-hub doctor wrote this";
  const auto try_it = [&]() -> Status {
    WASL_TRY(contents->put_note(name, words));
    WASL_LET(const auto read, contents->get_note(name));
    WASL_TRY(contents->remove_note(name));
    WASL_LET(const auto gone, contents->get_note(name));
    if (read == words && !gone) return {};
    return fail(Errc::storage_failed,
                store.place.in_words() +
                    (gone ? " does not remove what it is told to" : " does not give back what was put there"),
                "use a store that shows what was written at once, and a key that may delete");
  };
  const Status works = try_it();
  if (!works) return failed(kCheck, works.error());
  return {kCheck, Health::ok, "written, read and removed in " + store.place.in_words()};
}

}  // namespace wasl

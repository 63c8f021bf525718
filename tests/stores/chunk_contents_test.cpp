// What contents of chunks must do wherever they lie: files.db always, an S3 bucket where WASL_S3 names its
// endpoint (tests/system/s3_test.py), and what its answers mean to a person.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "server/contents/database_contents.hpp"
#include "server/contents/s3_contents.hpp"
#include "server/contents/s3_errors.hpp"
#include "shared/crypto/crypto.hpp"

namespace wasl::test {
namespace {

enum class Kind { database, s3 };

const char* endpoint() { return std::getenv("WASL_S3"); }

std::vector<Kind> kinds() {
  std::vector<Kind> out{Kind::database};
  if (endpoint() != nullptr) out.push_back(Kind::s3);
  return out;
}

constexpr const char* kKeyId = "wasl:tester";
constexpr const char* kSecret = "testing";

S3Place place() { return {endpoint() == nullptr ? "" : endpoint(), "eu-west-1", "wasl", ""}; }

S3Client::Options in_a_hurry() {
  S3Client::Options options;
  options.connecting = std::chrono::milliseconds(500);
  options.patience = std::chrono::milliseconds(600);
  options.pause = std::chrono::milliseconds(50);
  return options;
}

struct ChunkContentsContract : testing::TestWithParam<Kind> {
  ChunkContentsContract() {
    EXPECT_TRUE(crypto::start());
    crypto::SystemRandom random;
    name_ = "wasl-contents-" + to_hex(random.fixed<Hash>().view()).substr(0, 12);
    folder_ = std::filesystem::temp_directory_path() / name_;
    std::filesystem::create_directories(folder_);
    open();
  }
  ~ChunkContentsContract() override {
    contents_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    contents_.reset();
    if (GetParam() == Kind::s3) {
      S3Place where = place();
      where.prefix = name_ + "/";
      contents_ = std::make_unique<S3Contents>(S3Client(where, {kKeyId, kSecret}, {}));
      return;
    }
    store_.reset();
    store_.emplace(*FileStore::open(folder_ / "files.db"));
    contents_ = std::make_unique<DatabaseContents>(*DatabaseContents::open(*store_));
  }
  static ChunkName named(char letter, unsigned level = 0) {
    Hash name;
    name.bytes.fill(static_cast<Byte>(letter));
    return {"network", level, name};
  }
  std::optional<Bytes> got(const ChunkName& chunk) {
    auto bytes = contents_->get(chunk);
    EXPECT_TRUE(bytes) << (bytes ? "" : bytes.error().message);
    return bytes ? *bytes : std::nullopt;
  }
  void put(const ChunkName& chunk, const Bytes& bytes) {
    const Status done = contents_->put(chunk, bytes);
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
  }

  std::string name_;
  std::filesystem::path folder_;
  std::optional<FileStore> store_;
  std::unique_ptr<ChunkContents> contents_;
};

INSTANTIATE_TEST_SUITE_P(Contents, ChunkContentsContract, testing::ValuesIn(kinds()), [](const auto& given) {
  return std::string(given.param == Kind::database ? "Database" : "S3");
});

TEST_P(ChunkContentsContract, GivesBackWhatWasPut) {
  Bytes every(16 * 1024);
  for (std::size_t i = 0; i < every.size(); ++i) every[i] = static_cast<Byte>(i * 7);
  put(named('a'), every);
  put(named('b'), {});
  put(named('c', 1), {Byte{0}});
  EXPECT_EQ(got(named('a')), every);
  EXPECT_EQ(got(named('b')), Bytes());
  EXPECT_EQ(got(named('c', 1)), Bytes{Byte{0}});
  open();
  EXPECT_EQ(got(named('a')), every);
  EXPECT_EQ(got(named('b')), Bytes());
}

TEST_P(ChunkContentsContract, HasNothingThatWasNotPut) {
  EXPECT_EQ(got(named('a')), std::nullopt);
  put(named('a'), {Byte{1}});
  EXPECT_EQ(got(named('b')), std::nullopt);
}

TEST_P(ChunkContentsContract, ReplacesWhatIsThere) {
  put(named('a'), to_bytes("damaged"));
  put(named('a'), to_bytes("right, and longer"));
  EXPECT_EQ(got(named('a')), to_bytes("right, and longer"));
  put(named('a'), to_bytes("short"));
  EXPECT_EQ(got(named('a')), to_bytes("short"));
}

TEST_P(ChunkContentsContract, RemovesOneAndNoOther) {
  put(named('a'), to_bytes("a"));
  put(named('b'), to_bytes("b"));
  EXPECT_TRUE(contents_->remove(named('a')));
  EXPECT_TRUE(contents_->remove(named('a')));
  EXPECT_EQ(got(named('a')), std::nullopt);
  EXPECT_EQ(got(named('b')), to_bytes("b"));
  put(named('a'), to_bytes("again"));
  EXPECT_EQ(got(named('a')), to_bytes("again"));
}

TEST_P(ChunkContentsContract, KeepsNotesBesideChunks) {
  const auto note = [&](const std::string& name) { return *contents_->get_note(name); };
  EXPECT_EQ(note("whole/1-2"), std::nullopt);
  EXPECT_TRUE(contents_->put_note("whole/1-2", "yes"));
  EXPECT_TRUE(contents_->put_note("network", "of one"));
  EXPECT_TRUE(contents_->put_note("network", "of another"));
  open();
  EXPECT_EQ(note("whole/1-2"), "yes");
  EXPECT_EQ(note("network"), "of another");
  EXPECT_TRUE(contents_->remove_note("network"));
  EXPECT_TRUE(contents_->remove_note("network"));
  EXPECT_EQ(note("network"), std::nullopt);
  EXPECT_EQ(note("whole/1-2"), "yes");
}

struct S3Words : testing::Test {
  static Error refused(const S3Place& where, const S3Key& key) {
    S3Client client(where, key, in_a_hurry());
    const auto got = client.get("nothing");
    EXPECT_FALSE(got);
    const Status put = client.put("nothing", to_bytes("x"));
    EXPECT_FALSE(put);
    if (got || put) return {Errc::caught, "it was served", ""};
    EXPECT_EQ(got.error().code, put.error().code);
    EXPECT_FALSE(got.error().hint.empty());
    EXPECT_EQ(got.error().message.find(key.secret), std::string::npos);
    return got.error();
  }
};

TEST_F(S3Words, NobodyAnswers) {
  EXPECT_EQ(refused({"http://127.0.0.1:1", "eu-west-1", "wasl", ""}, {"id", "the secret"}).code,
            Errc::no_link);
}

/// At a store that checks signatures.
struct S3Refusals : S3Words, testing::WithParamInterface<S3Place> {};

std::vector<S3Place> places() {
  return endpoint() == nullptr ? std::vector<S3Place>() : std::vector{place()};
}
INSTANTIATE_TEST_SUITE_P(At, S3Refusals, testing::ValuesIn(places()), [](const auto&) { return "Store"; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(S3Refusals);

TEST_P(S3Refusals, KnowsTheSignatureOfAKeyThatIsNot) {
  EXPECT_EQ(refused(GetParam(), {kKeyId, "guessed secret"}).code, Errc::unauthorised);
  EXPECT_EQ(refused(GetParam(), {"who:else", "guessed secret"}).code, Errc::unauthorised);
}

TEST_P(S3Refusals, NamesBucketAndRegion) {
  S3Place where = GetParam();
  where.bucket = "nothing";
  EXPECT_EQ(refused(where, {kKeyId, kSecret}).code, Errc::not_found);
  where = GetParam();
  where.region = "us-east-1";
  EXPECT_EQ(refused(where, {kKeyId, kSecret}).code, Errc::invalid_value);
}

Error of(long status, const std::string& code) {
  return error_of({status, to_bytes("<?xml?><Error><Code>" + code + "</Code></Error>"), ""},
                  {"https://s3.example.org", "eu", "bucket", ""});
}

TEST_F(S3Words, EveryAnswerHasACode) {
  EXPECT_EQ(of(403, "AccessDenied").code, Errc::unauthorised);
  EXPECT_EQ(of(403, "RequestTimeTooSkewed").code, Errc::unauthorised);
  EXPECT_EQ(of(403, "SomethingNew").code, Errc::unauthorised);
  EXPECT_EQ(of(404, "NoSuchBucket").code, Errc::not_found);
  EXPECT_EQ(of(503, "SlowDown").code, Errc::later);
  EXPECT_EQ(of(500, "InternalError").code, Errc::later);
  EXPECT_EQ(of(507, "").code, Errc::storage_failed);
  EXPECT_EQ(of(301, "PermanentRedirect").code, Errc::invalid_value);
  EXPECT_EQ(of(404, "").code, Errc::invalid_value);  // a page of some other server
  EXPECT_EQ(of(400, "<b>").message.find("<b>"), std::string::npos);
}

TEST_F(S3Words, AMissingObjectIsNoError) {
  const S3Answer missing{404, to_bytes("<Error><Code>NoSuchKey</Code></Error>"), ""};
  EXPECT_TRUE(missing.is_missing_object());
  EXPECT_FALSE((S3Answer{404, to_bytes("<Error><Code>NoSuchBucket</Code></Error>"), ""}).is_missing_object());
  EXPECT_FALSE((S3Answer{404, {}, ""}).is_missing_object());
}

TEST_F(S3Words, ReadsAKeyOfTwoLines) {
  const auto key = read_s3_key("# of the hub\r\nAKIA1\r\nsecret/+=\r\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->id, "AKIA1");
  EXPECT_EQ(key->secret, "secret/+=");
  EXPECT_FALSE(read_s3_key("AKIA1\n"));
  EXPECT_FALSE(read_s3_key("a\nb\nc\n"));
}

TEST_F(S3Words, AnEndpointIsAnAddressAndNothingElse) {
  for (const char* right : {"https://s3.example.org", "http://127.0.0.1:9000", "https://[2001:db8::1]:443"})
    EXPECT_TRUE(check_s3_endpoint(right)) << right;
  for (const char* wrong : {"", "s3.example.org", "https://", "https://s3.example.org/bucket", "ftp://a",
                            "https://user@host", "https://host?x"})
    EXPECT_FALSE(check_s3_endpoint(wrong)) << wrong;
  EXPECT_TRUE(is_private_endpoint("https://s3.example.org"));
  EXPECT_TRUE(is_private_endpoint("http://localhost:9000"));
  EXPECT_TRUE(is_private_endpoint("http://[::1]:9000"));
  EXPECT_FALSE(is_private_endpoint("http://10.0.0.7:9000"));
}

}  // namespace
}  // namespace wasl::test

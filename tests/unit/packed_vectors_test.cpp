// tests/vectors/packed.json: hello and welcome that speak of packing, frames that are packed, and the hash of
// each dictionary. What zstd makes is its own affair: packed frames are read and not compared.
// WASL_WRITE_VECTORS=1 writes them, which only a new dictionary may ask for.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "shared/wire/dictionaries.hpp"
#include "shared/wire/messages.hpp"

namespace wasl {
namespace {

using Json = nlohmann::ordered_json;

const std::filesystem::path kFolder = WASL_VECTORS;

crypto::KeyPair key_of(Byte number) {
  crypto::Seed seed;
  seed.bytes.fill(number);
  return crypto::KeyPair::from_seed(seed);
}

std::map<std::string, Json> load(const std::string& file) {
  std::ifstream in(kFolder / file);
  std::map<std::string, Json> out;
  for (const Json& one : Json::parse(in)) out[one["name"]] = one;
  return out;
}

Bytes bytes_of(const Json& vector) { return from_hex(vector["bytes"].get<std::string>()).value(); }

Hello hello_that_packs() {
  Hello hello = decode_hello(bytes_of(load("wire.json").at("hello"))).value();
  hello.packing = Hello::Packing{1, true};
  return hello;
}

Welcome welcome_that_packs() {
  const auto wire = load("wire.json");
  const Hash other = hello_hash(bytes_of(wire.at("hello")));
  Welcome welcome = decode_welcome(bytes_of(wire.at("welcome_same")), other, key_of(5).public_key()).value();
  welcome.packing = Welcome::Packing{1, true};
  return welcome;
}

void write() {
  const Bytes plain = bytes_of(load("wire.json").at("frame_push"));
  const StreamRoom room(1);
  StreamSender sender(&room);
  ASSERT_TRUE(sender.open("section/asia"));
  Json out = Json::array();
  const auto add = [&](const std::string& name, const std::string& what, const Bytes& bytes) {
    out.push_back({{"name", name}, {"what", what}, {"bytes", to_hex(bytes)}});
  };
  const Bytes hello = encode(hello_that_packs(), key_of(1));
  add("hello_packs", "knows dictionary 1; its line is thin", hello);
  add("welcome_packs", "dictionary 1, and pushes may come in streams",
      encode(welcome_that_packs(), hello_hash(hello), key_of(5)));
  add("stream_first", "frame_push as the first part of a stream", pack_in_stream(plain, sender));
  add("stream_next", "frame_push as the part behind it", pack_in_stream(plain, sender));
  add("with_dictionary", "frame_push under dictionary 1", pack_alone(plain, 1));
  for (Byte version = 1; version <= kNewestDictionary; ++version)
    out.push_back({{"name", "dictionary_" + std::to_string(version)},
                   {"what", "SHA-256 of the dictionary"},
                   {"hash", to_hex(crypto::sha256({dictionary(version)}).view())}});
  std::ofstream(kFolder / "packed.json") << out.dump(1) << "\n";
}

TEST(PackedVectors, AreRead) {
  ASSERT_TRUE(crypto::start());
  const char* asked = std::getenv("WASL_WRITE_VECTORS");
  if (asked != nullptr && std::string_view(asked) == "1") write();
  const auto there = load("packed.json");
  const Bytes hello = encode(hello_that_packs(), key_of(1));
  EXPECT_EQ(to_hex(hello), there.at("hello_packs")["bytes"]);
  EXPECT_TRUE(decode_hello(hello)->packing->thin);
  EXPECT_EQ(decode_hello(hello)->packing->dictionary, 1);
  const Bytes welcome = encode(welcome_that_packs(), hello_hash(hello), key_of(5));
  EXPECT_EQ(to_hex(welcome), there.at("welcome_packs")["bytes"]);
  const auto read = decode_welcome(welcome, hello_hash(hello), key_of(5).public_key());
  ASSERT_TRUE(read && read->packing);
  EXPECT_TRUE(read->packing->dictionary == 1 && read->packing->streams);

  const NetworkId network =
      *NetworkId::from(*from_hex(load("authority.json").at("network_id")["hash"].get<std::string>()));
  const Bytes plain = bytes_of(load("wire.json").at("frame_push"));
  const Bytes items = encode_items(decode_segment(plain, network).value());
  const StreamRoom room(1);
  StreamReceiver receiver(&room);
  for (const char* name : {"stream_first", "stream_next", "with_dictionary"}) {
    const auto segment = decode_segment(bytes_of(there.at(name)), network, nullptr, &receiver);
    ASSERT_TRUE(segment.has_value()) << name;
    EXPECT_EQ(encode_items(*segment), items) << name;
  }
  EXPECT_FALSE(decode_segment(bytes_of(there.at("stream_next")), network, nullptr, &receiver))
      << "the frame under a dictionary has ended the stream";
}

TEST(PackedVectors, ADictionaryThatWasGivenOutNeverChanges) {
  const auto there = load("packed.json");
  for (Byte version = 1; version <= kNewestDictionary; ++version) {
    EXPECT_EQ(to_hex(crypto::sha256({dictionary(version)}).view()),
              there.at("dictionary_" + std::to_string(version))["hash"]);
  }
}

}  // namespace
}  // namespace wasl

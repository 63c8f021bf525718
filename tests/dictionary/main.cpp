// Trains and measures what short frames are packed against (PROTOCOL.md section 5.5). A dictionary that has
// been given out never changes: another one is another number.
//
//     wasl_dictionary train NUMBER FILE [--bytes N]
//     wasl_dictionary measure
#include <zdict.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <map>

#include "shared/wire/compression.hpp"
#include "shared/wire/dictionaries.hpp"
#include "shared/wire/messages.hpp"
#include "tests/dictionary/made_up.hpp"
#include "tests/support/mini_network.hpp"

namespace wasl::training {
namespace {

using test::must;

/// Live frames of two offices that work on made-up records, one act a frame, as they leave and as they
/// arrive.
class Live {
 public:
  Live(Vocabulary vocabulary, std::uint64_t seed) : made_up_(std::move(vocabulary), seed) {
    hub_.add_organisation("ma", "association");
    hub_.add_organisation("sn", "association");
    a_ = std::make_unique<test::Office>(hub_, clock_, random_, "ma", "administrator");
    b_ = std::make_unique<test::Office>(hub_, clock_, random_, "sn", "administrator");
    must(a_->replica().prepare_tables());
  }

  void work(std::size_t rounds) {
    for (std::size_t i = 0; i < rounds; ++i) {
      for (const Register& reg : hub_.schema().registers()) {
        const std::string id = made_up_.id();
        if (!act(reg.name == "meeting" ? "a meeting" : "an insert", made_up_.insert(reg, id))) continue;
        if (reg.is_ledger()) continue;
        act("one edit", made_up_.update(reg, id));
      }
      resolution();
    }
  }

  /// Plain frames by what they say.
  [[nodiscard]] const std::map<std::string, std::vector<Bytes>>& frames() const { return frames_; }

 private:
  bool act(const std::string& kind, const std::string& sql) {
    try {
      a_->sql(sql);
    } catch (const std::runtime_error&) {
      return false;  // a rule of a field that chance has broken, or a right that the office does not have
    }
    send(kind, *a_);
    return true;
  }
  void send(const std::string& kind, test::Office& office) {
    clock_.time += 60'000;
    must(office.replica().seal());
    const Position before = hub_.size("network");
    while (const auto segment = must(office.replica().next_push(64 * 1024)))
      frames_[kind + ", up"].push_back(
          plain_segment(FrameKind::push, *segment, office.replica().known_logs()));
    office.sync();
    for (const Segment& segment : hub_.entries("network", before))
      frames_[kind + ", down"].push_back(plain_segment(FrameKind::entries, segment, &hub_.logs()));
  }
  /// Two offices name one project otherwise at once, and one of them decides.
  void resolution() {
    const std::string id = made_up_.id();
    a_->sql("INSERT INTO project(id, space, title, status) VALUES('" + id + "', 'network', 'x', 'pipeline')");
    a_->sync();
    b_->sync();
    a_->sql("UPDATE project SET reference = 'A' WHERE id = '" + id + "'");
    b_->sql("UPDATE project SET reference = 'B' WHERE id = '" + id + "'");
    a_->sync();
    b_->sync();
    a_->sync();
    must(a_->replica().resolve(
        {"project", id, "reference", "", std::nullopt, std::size_t{1}, std::nullopt, "agreed"}));
    send("a resolution", *a_);
  }

  test::TestClock clock_;
  test::TestRandom random_;
  test::MiniHub hub_{clock_, random_};
  std::unique_ptr<test::Office> a_, b_;
  MadeUp made_up_;
  std::map<std::string, std::vector<Bytes>> frames_;
};

/// The items of a plain frame: what is packed.
ByteView items_of(ByteView plain) {
  Reader in(plain.subspan(2));
  static_cast<void>(in.text(plain.size()));
  static_cast<void>(in.varint());
  return in.sized(plain.size());
}

std::size_t checked(std::size_t size) {
  if (ZDICT_isError(size)) throw std::runtime_error(ZDICT_getErrorName(size));
  return size;
}

int train(unsigned number, const std::string& file, std::size_t bytes) {
  Live live(words_of(built_in_schema()), 1);
  live.work(40);
  Bytes samples;
  std::vector<std::size_t> sizes;
  for (const auto& [kind, frames] : live.frames()) {
    for (const Bytes& frame : frames) {
      append(samples, items_of(frame));
      sizes.push_back(items_of(frame).size());
    }
  }
  const auto count = static_cast<unsigned>(sizes.size());
  Bytes found(bytes);
  found.resize(
      checked(ZDICT_trainFromBuffer(found.data(), found.size(), samples.data(), sizes.data(), count)));
  const ByteView content =
      ByteView(found).subspan(checked(ZDICT_getDictHeaderSize(found.data(), found.size())));
  // Again with statistics for the level at which frames are packed, and with its number.
  Bytes out(bytes);
  const std::size_t size =
      checked(ZDICT_finalizeDictionary(out.data(), out.size(), content.data(), content.size(), samples.data(),
                                       sizes.data(), count, {kWireLevel, 0, number}));
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(out.data()), static_cast<long>(size));
  std::printf("%zu frames, %zu bytes: a dictionary of %zu bytes\n", sizes.size(), samples.size(), size);
  return 0;
}

void measure(const std::string& words, const Vocabulary& vocabulary) {
  Live live(vocabulary, 2);
  live.work(20);
  std::printf("%-28s %8s %8s %8s\n", words.c_str(), "plain", "alone", "with");
  for (const auto& [kind, frames] : live.frames()) {
    std::size_t plain = 0;
    std::size_t alone = 0;
    std::size_t with = 0;
    for (const Bytes& frame : frames) {
      plain += frame.size();
      alone += pack_alone(frame).size();
      with += pack_alone(frame, kNewestDictionary).size();
    }
    const auto n = static_cast<double>(frames.size());
    std::printf("  %-26s %8.1f %8.1f %8.1f\n", kind.c_str(), static_cast<double>(plain) / n,
                static_cast<double>(alone) / n, static_cast<double>(with) / n);
  }
}

}  // namespace
}  // namespace wasl::training

int main(int argc, char** argv) {
  using namespace wasl;
  CLI::App app("Trains and measures the dictionary of short frames");
  app.require_subcommand(1);
  unsigned number = 1;
  std::size_t bytes = 4096;
  std::string file;
  CLI::App* const train = app.add_subcommand("train", "Write a dictionary");
  train->add_option("number", number)->required();
  train->add_option("file", file)->required();
  train->add_option("--bytes", bytes);
  app.add_subcommand("measure", "Bytes of live frames, mean of each kind");
  CLI11_PARSE(app, argc, argv);
  if (!crypto::start()) return 1;
  try {
    if (train->parsed()) return training::train(number, file, bytes);
    training::measure("words of the descriptions", training::words_of(built_in_schema()));
    training::measure("other words", training::other_words());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wasl_dictionary: %s\n", error.what());
    return 1;
  }
}

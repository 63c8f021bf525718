// However a session is cut into frames, and whichever of them go through streams, alone, under the dictionary
// or as they are: what is unpacked is what was packed, and no private space's frame was packed against
// another space's.
#include <gtest/gtest.h>
// rapidcheck needs gtest first
#include <rapidcheck/gtest.h>

#include <set>

#include "shared/wire/dictionaries.hpp"
#include "shared/wire/messages.hpp"

namespace wasl {
namespace {

const std::vector<std::string> kSpaces{"authority", "public", "network", "section/asia", "committee/water"};
constexpr Byte kInStream = 4;
constexpr Byte kBegins = 8;

crypto::KeyPair author() {
  crypto::Seed seed;
  seed.bytes.fill(1);
  return crypto::KeyPair::from_seed(seed);
}

/// A piece of a chain that goes on across frames.
class Chain {
 public:
  explicit Chain(std::string space) : space_(std::move(space)) {}
  Segment piece(std::size_t sets, const std::string& text) {
    Segment out{space_, 0, {}, {}};
    for (std::size_t i = 0; i < sets; ++i) {
      Header header;
      header.space = space_;
      header.source.author = key_.public_key();
      header.sequence = ++last_;
      header.previous = name_;
      Operation op;
      op.kind = OperationKind::write;
      op.register_number = 1;
      op.id = "record " + std::to_string(last_);
      op.address = {1, {}};
      op.value = Value::text(text + std::to_string(i));
      ChangeSet set = make_change_set(header, {op});
      name_ = set.name;
      out.items.emplace_back(SetItem{std::nullopt, std::move(set)});
    }
    out.items.emplace_back(
        SignatureItem{{key_.public_key(), {}}, last_, key_.sign(run_message(NetworkId{}, name_))});
    return out;
  }

 private:
  crypto::KeyPair key_ = author();
  std::string space_;
  Sequence last_ = 0;
  Hash name_;
};

enum class Way { plain, alone, dictionary, stream, ends_first };

RC_GTEST_PROP(StreamProperties, ASessionCutInAnyWayIsUnpackedAsItWas, ()) {
  RC_ASSERT(crypto::start());
  const StreamRoom rooms(2);
  StreamSender sender(&rooms, *rc::gen::element(Effort::usual, Effort::thin_line));
  StreamReceiver receiver(&rooms);
  std::map<std::string, Chain> chains;
  std::set<std::string> of_stream;  // classes that the open stream holds
  for (auto left = *rc::gen::inRange(1, 12); left > 0; --left) {
    const std::string space = *rc::gen::elementOf(kSpaces);
    Chain& chain = chains.try_emplace(space, space).first->second;
    const auto text =
        *rc::gen::container<std::string>(*rc::gen::inRange<std::size_t>(0, 400), rc::gen::inRange('a', 'z'));
    const Segment segment = chain.piece(*rc::gen::inRange<std::size_t>(1, 20), text);
    const Bytes plain = plain_segment(FrameKind::push, segment);
    const Way way =
        *rc::gen::element(Way::plain, Way::alone, Way::dictionary, Way::stream, Way::stream, Way::ends_first);
    if (way == Way::ends_first || way < Way::stream) sender.end();
    if (way >= Way::stream && !sender.is_open_for(space)) {
      RC_ASSERT(sender.open(space));
    }
    const Bytes frame = way == Way::plain        ? plain
                        : way == Way::alone      ? pack_alone(plain)
                        : way == Way::dictionary ? pack_alone(plain, kNewestDictionary)
                                                 : pack_in_stream(plain, sender);
    RC_ASSERT(((frame[1] & kInStream) != 0) == (way >= Way::stream));
    if ((frame[1] & kBegins) != 0 || (frame[1] & kInStream) == 0) of_stream.clear();
    if ((frame[1] & kInStream) != 0) of_stream.insert(std::string(stream_class(space)));
    RC_ASSERT(of_stream.size() <= 1U);
    const auto read = decode_segment(frame, NetworkId{}, nullptr, &receiver);
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->space == space);
    RC_ASSERT(encode_items(*read) == encode_items(segment));
    RC_ASSERT(verify_runs(*read, NetworkId{}).has_value());
  }
  sender.end();
  receiver.end();
  RC_ASSERT(rooms.open() == 0);
}

}  // namespace
}  // namespace wasl

// wasl search
#include <nlohmann/json.hpp>

#include "client/attachments/office_files.hpp"
#include "client/cli/commands.hpp"
#include "client/cli/names.hpp"
#include "client/cli/partial_view.hpp"
#include "client/cli/record_view.hpp"
#include "client/cli/words.hpp"
#include "client/search/search_index.hpp"

namespace wasl::cli {
namespace {

/// Of the files of this office.
class TextsOfFiles final : public FileTexts {
 public:
  explicit TextsOfFiles(OfficeFiles& files) : files_(files) {}
  Result<std::optional<std::string>> text(const std::string& space, const Attachment& file,
                                          bool read) override {
    const attachment::FileId id{space, file.root, file.size};
    if (read) return files_.text(id);
    WASL_LET(const bool here, files_.has_text(id));
    return here ? std::optional(std::string()) : std::nullopt;
  }

 private:
  OfficeFiles& files_;
};

}  // namespace

Result<Answer> search(const Office& office, const SearchArguments& arguments) {
  WASL_LET(const auto replica, office.open());
  WASL_TRY(replica->seal());
  WASL_LET(SearchIndex index, SearchIndex::open(office.folder()));
  WASL_LET(const auto files, OfficeFiles::open(office.folder(), *replica, office.clock()));
  TextsOfFiles texts(*files);
  WASL_TRY(index.update(replica->database(), replica->schema(), &texts));
  std::map<std::string, Replica::EditionsAside> asides;
  std::size_t more = 0;
  for (const Register& reg : replica->schema().registers()) {
    WASL_LET(auto aside, replica->editions_aside(reg));
    more += aside.withdrawn.size() + aside.held.size();
    asides.emplace(reg.name, std::move(aside));
  }
  WASL_LET(auto hits, index.find(arguments.text, arguments.limit + more));
  // Of what this office holds twice only the innermost record is found, and nothing that was withdrawn.
  std::erase_if(hits, [&](const SearchHit& hit) {
    const Register* reg = replica->schema().find(hit.register_name);
    const auto aside = asides.find(hit.register_name);
    if (reg == nullptr || aside == asides.end()) return false;
    const RecordPlace place{hit.space, reg->number, hit.id};
    return aside->second.withdrawn.contains(place) || aside->second.held.contains(place);
  });
  if (hits.size() > arguments.limit) hits.resize(arguments.limit);
  nlohmann::ordered_json out{{"found", nlohmann::ordered_json::array()}};
  std::string words;
  for (const SearchHit& hit : hits) {
    WASL_LET(const Register* const reg, find_register(replica->schema(), hit.register_name));
    WASL_LET(const auto records,
             read_records(replica->database(), *reg, {"id = ? AND space = ?", {hit.id, hit.space}, 1}));
    const std::string caption =
        records.empty() ? hit.id : caption_of(*reg, records.front(), replica->network().language);
    out["found"].push_back(
        {{"register", hit.register_name}, {"id", hit.id}, {"space", hit.space}, {"caption", caption}});
    words += hit.register_name + " " + hit.id + "  " + caption + "  (" + hit.space + ")\n";
  }
  words += counted(hits.size(), "record") + " found";
  WASL_TRY(tell_partial(*replica, std::nullopt, out, words));
  return Answer{out.dump(), std::move(words), kDone};
}

}  // namespace wasl::cli

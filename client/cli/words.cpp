#include "client/cli/words.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace wasl::cli {

std::string with_section_words(std::size_t change_sets) {
  return "Held by the section: " + counted(change_sets, "change set") +
         "; its hub carries them to the network's, which has not placed them yet";
}
namespace {

std::tm utc(Millis time) {
  const std::time_t seconds = static_cast<std::time_t>(time / 1000);
  std::tm out{};
  ::gmtime_r(&seconds, &out);
  return out;
}

std::string formatted(const std::tm& time, const char* format) {
  std::array<char, 64> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &time)};
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string iso_time(Millis time) {
  if (time <= 0) return {};
  std::array<char, 8> millis{};
  std::snprintf(millis.data(), millis.size(), ".%03dZ", static_cast<int>(time % 1000));
  return formatted(utc(time), "%Y-%m-%dT%H:%M:%S") + millis.data();
}

std::string counted(std::uint64_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

std::string time_words(Millis time, Millis now) {
  if (time <= 0) return "never";
  const std::string date = " (" + formatted(utc(time), "%Y-%m-%d %H:%M UTC") + ")";
  const Millis seconds = (now - time) / 1000;
  if (seconds < -60) return "in the future by this machine's clock" + date;
  if (seconds < 60) return "just now" + date;
  const auto ago = [&](Millis n, std::string_view unit) {
    return counted(static_cast<std::uint64_t>(n), unit) + " ago" + date;
  };
  if (seconds < 3600) return ago(seconds / 60, "minute");
  if (seconds < 48 * 3600) return ago(seconds / 3600, "hour");
  return ago(seconds / 86400, "day");
}

std::string bytes_words(std::uint64_t bytes) {
  if (bytes < 10'000) return counted(bytes, "byte");
  if (bytes < 10'000'000) return std::to_string(bytes / 1000) + " kB";
  return std::to_string(bytes / 1'000'000) + " MB";
}

std::vector<std::string> near_names(std::string_view meant, const std::vector<std::string>& names) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& name : names) {
    const bool part = meant.size() >= 3 && name.find(meant) != std::string::npos;
    const std::size_t far = part ? 1 : distance(meant, name);
    if (far <= std::max<std::size_t>(1, std::max(name.size(), meant.size()) / 3))
      ranked.emplace_back(far, name);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> out;
  for (auto& [far, name] : ranked) {
    if (out.size() < 3) out.push_back(std::move(name));
  }
  return out;
}

std::string did_you_mean(std::string_view meant, const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : near_names(meant, names)) out += (out.empty() ? "" : " or ") + name;
  return out.empty() ? out : "; did you mean " + out + "?";
}

std::string confirmation_words(std::string_view fingerprint, std::string_view language) {
  static const Labels before{
      "ينتظر هذا الجهاز التأكيد: اتصل بالأمانة واقرأ لها هذه البصمة: ",
      "This device waits for confirmation. Call the secretariat and read it this fingerprint: ",
      "Cet appareil attend sa confirmation. Appelez le secrétariat et lisez-lui cette empreinte : ",
      "Este equipo espera su confirmación. Llame a la secretaría y léale esta huella: ",
      "Este aparelho aguarda confirmação. Telefone ao secretariado e leia-lhe esta impressão digital: "};
  static const Labels after{"؛ ما تكتبه حتى ذلك الحين محفوظ هنا", ". What you write until then is kept here.",
                            ". Ce que vous écrivez d’ici là est gardé ici.",
                            ". Lo que escriba hasta entonces se guarda aquí.",
                            ". O que escrever até lá fica guardado aqui."};
  return label(before, language) + std::string(fingerprint) + label(after, language);
}

const std::string& safe_to_remove(std::string_view language) {
  static const Labels words{"كُتب وقُرئ ثانيةً كاملاً: يمكنك نزع الوسيط الآن.",
                            "It was read back whole: safe to remove.",
                            "Relu en entier : vous pouvez retirer le support.",
                            "Se ha vuelto a leer entero: ya puede retirar el soporte.",
                            "Foi relido por inteiro: já pode retirar o suporte."};
  return label(words, language);
}

const std::string& label(const Labels& labels, std::string_view language) {
  if (language == "ar") return labels.ar;
  if (language == "fr") return labels.fr;
  if (language == "es") return labels.es;
  if (language == "pt") return labels.pt;
  return labels.en;
}

}  // namespace wasl::cli

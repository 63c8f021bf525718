#include "client/cli/publishing_words.hpp"

#include "client/cli/words.hpp"

namespace wasl::cli {
namespace {

const Labels& words_of(Stop stop) {
  static const Labels missing{"حقل إلزامي ينقص النشر", "a required field is missing in what is published",
                              "un champ obligatoire manque à ce qui est publié",
                              "falta un campo obligatorio en lo que se publica",
                              "falta um campo obrigatório no que se publica"};
  static const Labels rule{"قاعدة بين الحقول غير محققة", "a rule across fields is broken",
                           "une règle entre champs n’est pas respectée",
                           "no se cumple una regla entre campos", "não se cumpre uma regra entre campos"};
  static const Labels revived{
      "حذفه أحد وعدله آخر في الوقت نفسه؛ احذفه أو عدله أولا",
      "somebody deleted it while somebody else edited it; delete or edit it first",
      "quelqu’un l’a supprimée pendant qu’un autre la modifiait ; supprimez-la ou modifiez-la d’abord",
      "alguien lo borró mientras otro lo editaba; bórrelo o edítelo primero",
      "alguém o apagou enquanto outro o editava; apague-o ou edite-o primeiro"};
  switch (stop) {
    case Stop::missing:
      return missing;
    case Stop::rule:
      return rule;
    case Stop::revived:
      break;
  }
  return revived;
}

const Labels& words_of(LeftOut why) {
  static const Labels personal{"بيانات شخص، وهي لا تنشر أبدا", "a person's data, which is never published",
                               "données d’une personne, jamais publiées",
                               "datos de una persona, que nunca se publican",
                               "dados de uma pessoa, que nunca se publicam"};
  static const Labels reference{
      "يشير إلى سجل لا يعرفه قراء ذلك الفضاء؛ انشره هناك أولا",
      "points to a record that readers of that space cannot know; publish it there first",
      "renvoie à une fiche inconnue des lecteurs de cet espace ; publiez-la d’abord",
      "remite a un registro que los lectores de ese espacio no conocen; publíquelo allí primero",
      "remete para um registo que os leitores desse espaço não conhecem; publique-o lá primeiro"};
  return why == LeftOut::personal ? personal : reference;
}

}  // namespace

std::string stop_words(const PublicationStop& stop, std::string_view language) {
  std::string out = label(words_of(stop.kind), language);
  if (stop.field != nullptr)
    out += ": " + label(stop.field->labels, language) + " (" + stop.field->name + ")";
  if (stop.rule != nullptr)
    out +=
        ": " + label(stop.rule->labels, language) + " (" + stop.rule->before + ", " + stop.rule->after + ")";
  return out;
}

std::string left_out_words(const LeftOutField& left, std::string_view language) {
  return label(left.field->labels, language) + " (" + left.field->name +
         "): " + label(words_of(left.why), language);
}

const std::string& publishing_words(PublishingWord word, std::string_view language) {
  static const Labels stopped{"لم ينشر السجل، ويبقى مسودة", "It is not published and stays a draft",
                              "La fiche n’est pas publiée et reste un brouillon",
                              "No se publica y queda como borrador", "Não se publica e fica como rascunho"};
  static const Labels published{"وقع النشر في", "Signed to be published in", "Publication signée dans",
                                "Publicación firmada en", "Publicação assinada em"};
  static const Labels withdrawn{"وقع السحب من", "Signed to be withdrawn from", "Retrait signé de",
                                "Retirada firmada de", "Retirada assinada de"};
  static const Labels unchanged{"المنشور يقول هذا كله في", "Nothing to change: it says all of it already in",
                                "Rien à changer : tout y est déjà dans",
                                "Nada que cambiar: ya lo dice todo en", "Nada a mudar: já diz tudo em"};
  static const Labels after_sync{"يسري بعد وصوله إلى المركز؛ شغل: wasl sync",
                                 "It counts once the hub has it: run wasl sync",
                                 "Elle compte une fois au serveur central ; lancez : wasl sync",
                                 "Cuenta cuando llegue al servidor central; ejecute: wasl sync",
                                 "Conta quando chegar ao servidor central; execute: wasl sync"};
  switch (word) {
    case PublishingWord::stopped:
      return label(stopped, language);
    case PublishingWord::published:
      return label(published, language);
    case PublishingWord::withdrawn:
      return label(withdrawn, language);
    case PublishingWord::unchanged:
      return label(unchanged, language);
    case PublishingWord::after_sync:
      break;
  }
  return label(after_sync, language);
}

}  // namespace wasl::cli

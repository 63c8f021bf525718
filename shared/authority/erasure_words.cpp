#include "shared/authority/erasure_words.hpp"

namespace wasl {
namespace {

Labels words_of(ErasureReason reason) {
  switch (reason) {
    case ErasureReason::requested:
      return {"بطلب من الشخص", "at the person's request", "à la demande de la personne",
              "a petición de la persona", "a pedido da pessoa"};
    case ErasureReason::consent_withdrawn:
      return {"سحبت الموافقة", "consent was withdrawn", "le consentement a été retiré",
              "se retiró el consentimiento", "o consentimento foi retirado"};
    case ErasureReason::no_longer_needed:
      return {"لم تعد هناك حاجة إليها", "no longer needed", "elles ne sont plus nécessaires",
              "ya no son necesarios", "já não são necessários"};
    case ErasureReason::unlawful:
      return {"حفظت بلا سند قانوني", "kept without a lawful ground", "conservées sans base légale",
              "conservados sin base legal", "conservados sem base legal"};
  }
  return {};
}

Labels words_of(ErasureStage stage) {
  switch (stage) {
    case ErasureStage::waits:
      return {"ستمحى البيانات الشخصية في ", "personal data will be erased on ",
              "les données personnelles seront effacées le ", "los datos personales se borrarán el ",
              "os dados pessoais serão apagados em "};
    case ErasureStage::in_force:
      return {"محيت البيانات الشخصية في ", "personal data erased on ", "données personnelles effacées le ",
              "datos personales borrados el ", "dados pessoais apagados em "};
    case ErasureStage::withdrawn:
      return {"سحب طلب المحو الذي كان مقررا في ", "the erasure was withdrawn that was due on ",
              "l’effacement a été retiré, qui était prévu le ", "se retiró el borrado previsto para el ",
              "foi retirado o apagamento previsto para "};
  }
  return {};
}

}  // namespace

Labels erasure_in_five(ErasureStage stage, ErasureReason reason, std::string_view when, std::string_view by) {
  const Labels what = words_of(stage);
  const Labels why = words_of(reason);
  const auto line = [&](const std::string& begin, std::string_view of, const std::string& because) {
    return begin + std::string(when) + std::string(of) + std::string(by) + " (" + because + ")";
  };
  return {line(what.ar, " من قبل ", why.ar), line(what.en, " by ", why.en), line(what.fr, " par ", why.fr),
          line(what.es, " por ", why.es), line(what.pt, " por ", why.pt)};
}

}  // namespace wasl

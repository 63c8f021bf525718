#include "shared/authority/reason_words.hpp"

namespace wasl {
namespace {

struct Words {
  const char *ar, *fr, *es, *pt;
};

Words words_of(Reason reason) {
  switch (reason) {
    case Reason::none:
      return {"مقبول", "accepté", "aceptado", "aceite"};
    case Reason::expired:
      return {"انتهت مدة التفويض؛ يمكن للأمانة تجديده، والعمل محفوظ",
              "la période de l’habilitation est terminée ; le secrétariat peut la renouveler, le travail est "
              "gardé",
              "el período de la habilitación terminó; la secretaría puede renovarla, el trabajo se conserva",
              "o período da habilitação terminou; o secretariado pode renová-la, o trabalho fica guardado"};
    case Reason::depends:
      return {"يستند إلى عمل معلق أو مرفوض؛ يتبعه عندما يبت فيه",
              "il s’appuie sur un travail lui-même retenu ou refusé ; il suit quand celui-ci est décidé",
              "se apoya en un trabajo retenido o rechazado; sigue cuando este se decida",
              "assenta num trabalho retido ou recusado; segue quando esse for decidido"};
    case Reason::gone:
      return {
          "يغير سجلا لا يعرف المركز إنشاءه؛ الأمانة تقرر",
          "il modifie une fiche dont le serveur central ne connaît pas la création ; le secrétariat décide",
          "cambia un registro cuya creación el servidor central no conoce; la secretaría decide",
          "altera um registo cuja criação o servidor central não conhece; o secretariado decide"};
    case Reason::revoked:
      return {
          "ألغي المفتاح، أو انتهى التفويض المستعمل؛ يمكن للأمانة اعتماد العمل",
          "la clé a été révoquée, ou l’habilitation utilisée a pris fin ; le secrétariat peut adopter le "
          "travail",
          "la clave fue revocada, o la habilitación usada terminó; la secretaría puede adoptar el trabajo",
          "a chave foi revogada, ou a habilitação usada terminou; o secretariado pode adotar o trabalho"};
    case Reason::no_grant:
      return {"التفويض المذكور غير معروف أو يخص مفتاحا آخر أو لم يقبل بعد",
              "l’habilitation citée est inconnue, d’une autre clé ou pas encore acceptée",
              "la habilitación citada es desconocida, de otra clave o aún no aceptada",
              "a habilitação indicada é desconhecida, de outra chave ou ainda não aceite"};
    case Reason::no_right:
      return {"لا حق في هذا الفعل؛ اطلبه من الأمانة، أو شغل: wasl discard",
              "aucun droit de faire cela ; demandez-le au secrétariat, ou lancez : wasl discard",
              "no hay derecho a hacer esto; pídalo a la secretaría, o ejecute: wasl discard",
              "não há direito a fazer isto; peça-o ao secretariado, ou execute: wasl discard"};
    case Reason::lineage:
      return {"لا ينهي تعديل عادي خلافا ولا قرار ولاية أعلى؛ شغل: wasl resolve",
              "une simple écriture ne termine ni un conflit ni la décision d’un mandat supérieur ; lancez : "
              "wasl resolve",
              "una escritura simple no termina un conflicto ni la decisión de un mandato superior; ejecute: "
              "wasl resolve",
              "uma escrita simples não termina um conflito nem a decisão de um mandato superior; execute: "
              "wasl resolve"};
    case Reason::ledger:
      return {"قيد الدفتر لا يغير ولا يحذف؛ اكتب قيدا عكسيا",
              "une écriture du registre comptable ne se change ni ne s’efface ; écrivez une contre-écriture",
              "un asiento no se cambia ni se borra; escriba un asiento inverso",
              "um lançamento não se altera nem se apaga; escreva um lançamento inverso"};
    case Reason::fork:
      return {"تقوم مجموعة تعديلات أخرى في هذا الموضع من السلسلة؛ تختم من جديد تلقائيا",
              "un autre lot occupe cette place de la chaîne ; il est scellé de nouveau tout seul",
              "otro lote ocupa este lugar de la cadena; se sella de nuevo por sí solo",
              "outro lote ocupa este lugar da cadeia; é selado de novo automaticamente"};
    case Reason::malformed:
      return {"بياناته لا تتبع الصيغة", "ses octets ne suivent pas le format",
              "sus bytes no siguen el formato", "os seus bytes não seguem o formato"};
    case Reason::invitation_used:
      return {"استعملت هذه الدعوة من قبل؛ اطلب دعوة جديدة",
              "cette invitation a déjà servi ; demandez-en une nouvelle",
              "esta invitación ya fue usada; pida una nueva", "este convite já foi usado; peça um novo"};
    case Reason::bad_signature:
      return {"توقيعه لا يطابق", "sa signature ne correspond pas", "su firma no coincide",
              "a sua assinatura não corresponde"};
    case Reason::wrong_schema:
      return {"كتب وفق وصف للسجلات غير ساري؛ حدث البرنامج",
              "il a été écrit selon une description de registre qui n’est pas en vigueur ; mettez le "
              "programme à jour",
              "se escribió según una descripción de registro que no está en vigor; actualice el programa",
              "foi escrito segundo uma descrição de registo que não está em vigor; atualize o programa"};
    case Reason::too_much_held:
      return {"الكثير من عمل هذا الجهاز معلق؛ اطلب من الأمانة البت فيه",
              "trop de travail de cet appareil est retenu ; demandez au secrétariat de décider",
              "hay demasiado trabajo retenido de este dispositivo; pida a la secretaría que decida",
              "há demasiado trabalho retido deste dispositivo; peça ao secretariado que decida"};
    case Reason::busy:
      return {"المركز مشغول؛ يعرض من جديد تلقائيا",
              "le serveur central est occupé ; ce sera proposé de nouveau tout seul",
              "el servidor central está ocupado; se ofrecerá de nuevo por sí solo",
              "o servidor central está ocupado; será proposto de novo automaticamente"};
    case Reason::void_act:
      return {"الفعل يذكر ما لا وجود له، أو يعطي أكثر مما يجوز",
              "l’acte nomme ce qui n’existe pas, ou donne plus qu’il ne peut",
              "el acto nombra lo que no existe, o da más de lo que puede",
              "o ato nomeia o que não existe, ou dá mais do que pode"};
    case Reason::unsupported:
      return {"كتبته نسخة أحدث؛ حدث هذا البرنامج",
              "une version plus récente l’a écrit ; mettez ce programme à jour",
              "lo escribió una versión más nueva; actualice este programa",
              "uma versão mais recente escreveu-o; atualize este programa"};
    case Reason::taken_back:
      return {"أهمل من قبل؛ أهمله مرة أخرى أو اكتبه من جديد",
              "il a été abandonné auparavant ; abandonnez-le encore, ou écrivez-le de nouveau",
              "fue descartado antes; descártelo de nuevo, o escríbalo otra vez",
              "foi descartado antes; descarte-o de novo, ou escreva-o outra vez"};
    case Reason::gap:
      return {"ما أرسل قبله ليس في المركز؛ يعرض من جديد تلقائيا",
              "ce qui a été envoyé avant n’est pas au serveur central ; c’est proposé de nouveau tout seul",
              "lo enviado antes no está en el servidor central; se ofrece de nuevo por sí solo",
              "o que foi enviado antes não está no servidor central; é proposto de novo automaticamente"};
    case Reason::seen:
      return {"عرض على كاتبه سجل آخر غير هذا؛ أخبر الأمانة",
              "un autre journal que celui-ci a été montré à son auteur ; avertissez le secrétariat",
              "a su autor se le mostró otro registro que este; avise a la secretaría",
              "ao seu autor foi mostrado outro registo que não este; avise o secretariado"};
    case Reason::discarded_by:
      return {"نظرت فيه الأمانة ورفضته؛ اسحبه بالأمر wasl discard",
              "le secrétariat l’a examiné et écarté ; retirez-le avec wasl discard",
              "la secretaría lo examinó y lo descartó; retírelo con wasl discard",
              "o secretariado examinou-o e descartou-o; retire-o com wasl discard"};
    case Reason::with_section:
      return {"يحفظه القسم: مركزه يحتفظ به وينقله إلى مركز الشبكة",
              "gardé par la section : son serveur le conserve et le porte au serveur central",
              "guardado por la sección: su servidor lo conserva y lo lleva al servidor central",
              "guardado pela secção: o seu servidor conserva-o e leva-o ao servidor central"};
    case Reason::too_many_chains:
      return {"بدأ هذا الجهاز سلاسل أكثر مما يسمح به؛ يلزمه مفتاح جديد: اسأل الأمانة",
              "cet appareil a commencé plus de chaînes qu’un appareil ne peut ; il lui faut une nouvelle clé "
              ": demandez au "
              "secrétariat",
              "este dispositivo empezó más cadenas de las permitidas; necesita una clave nueva: pida a la "
              "secretaría",
              "este dispositivo começou mais cadeias do que o permitido; precisa de uma chave nova: peça ao "
              "secretariado"};
  }
  return {"سبب غير معروف", "raison inconnue", "razón desconocida", "razão desconhecida"};
}

}  // namespace

Labels explain_in_five(Reason reason) {
  const Words words = words_of(reason);
  return {words.ar, std::string(explain(reason)), words.fr, words.es, words.pt};
}

}  // namespace wasl

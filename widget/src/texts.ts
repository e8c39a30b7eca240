// The widget's own words in seven languages, one string each so that the bundle stays small: the texts in the order of their
// names. Counts are shown as bare numbers, which need no words. The owner replaces each text by `data-text-<name>`.

const NAMES =
  'title welcome placeholder open close new send stop you copy good bad stopped retry unreachable failed limit';

const LANGUAGES = {
  en: "Assistant|Hi! Ask me anything and I will help you out.|Type your message...|Open chat|Close chat|New conversation|Send|Stop|You|Copy|Good answer|Bad answer|Stopped|Retry|Couldn't reach the server.|Something went wrong.|Too many messages.",
  fr: 'Assistant|Bonjour ! Comment puis-je vous aider ?|Votre message…|Ouvrir le chat|Fermer le chat|Nouvelle conversation|Envoyer|Arrêter|Vous|Copier|Bonne réponse|Mauvaise réponse|Arrêté|Réessayer|Serveur injoignable.|Une erreur est survenue.|Trop de messages.',
  es: 'Asistente|¡Hola! ¿En qué puedo ayudarle?|Su mensaje…|Abrir el chat|Cerrar el chat|Nueva conversación|Enviar|Detener|Usted|Copiar|Buena respuesta|Mala respuesta|Detenido|Reintentar|Servidor inaccesible.|Algo ha fallado.|Demasiados mensajes.',
  pt: 'Assistente|Olá! Em que posso ajudar?|Sua mensagem…|Abrir o chat|Fechar o chat|Nova conversa|Enviar|Parar|Você|Copiar|Boa resposta|Má resposta|Parado|Tentar de novo|Servidor inacessível.|Algo deu errado.|Muitas mensagens.',
  de: 'Assistent|Hallo! Wie kann ich helfen?|Ihre Nachricht…|Chat öffnen|Chat schließen|Neue Unterhaltung|Senden|Stopp|Sie|Kopieren|Gute Antwort|Schlechte Antwort|Gestoppt|Wiederholen|Server nicht erreichbar.|Etwas ging schief.|Zu viele Nachrichten.',
  ja: 'アシスタント|こんにちは。何でもお尋ねください。|メッセージ…|チャットを開く|チャットを閉じる|新しい会話|送信|停止|あなた|コピー|良い回答|悪い回答|停止しました|再試行|サーバーに接続できません。|エラーが発生しました。|送信が多すぎます。',
  ar: 'المساعد|مرحبًا! كيف يمكنني مساعدتك؟|رسالتك…|فتح الدردشة|إغلاق الدردشة|محادثة جديدة|إرسال|إيقاف|أنت|نسخ|إجابة جيدة|إجابة سيئة|تم الإيقاف|إعادة المحاولة|تعذر الوصول إلى الخادم.|حدث خطأ.|رسائل كثيرة.',
};

export type Language = keyof typeof LANGUAGES;

/** A text by its name. */
export type Texts = (name: string) => string;

/** The first of the `wanted` language tags that there are texts in, else English. */
export function pickLanguage(wanted: readonly (string | undefined)[]): Language {
  const known = wanted.map((tag) => tag?.slice(0, 2).toLowerCase() as Language);
  return known.find((language) => LANGUAGES[language]) ?? 'en';
}

/** The texts of `language`, but for those that `own` has. */
export function textsIn(language: Language, own: (name: string) => string): Texts {
  const texts = LANGUAGES[language].split('|');
  const names = NAMES.split(' ');
  return (name) => own(name) || (texts[names.indexOf(name)] as string);
}

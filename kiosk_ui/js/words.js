// Which words the screen uses: the catalogues, the chosen language and everything marked
// data-t in the page. No other module holds a word that a person reads.

const LANGUAGES = ["zh", "en"];
const KEY = "language";
const catalogues = {};
const forced = new URLSearchParams(location.search).get("lang");
let chosen = [forced, sessionStorage.getItem(KEY)].find((it) => LANGUAGES.includes(it)) ?? "zh";

export async function loadWords() {
  await Promise.all(
    LANGUAGES.map(async (language) => {
      const answer = await fetch(`/ui/i18n/${language}.json`);
      if (!answer.ok) throw new Error(`catalogue ${language}: HTTP ${answer.status}`);
      catalogues[language] = await answer.json();
    }),
  );
}

export const language = () => chosen;

export function chooseLanguage(wanted) {
  chosen = wanted;
  sessionStorage.setItem(KEY, wanted);
}

export const otherLanguage = () => LANGUAGES.find((it) => it !== chosen);

/** Forgets a person's choice, so that the next one meets the screen as it was set up. */
export function resetLanguage() {
  chooseLanguage(LANGUAGES.includes(forced) ? forced : "zh");
}

/** The words for a key, with {name} filled from values. Throws on a key without words. */
export function t(key, values = {}) {
  const words = catalogues[chosen][key];
  if (words === undefined) throw new Error(`no words for ${key}`);
  return words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** What a phrase, a shop, a tier or a reward is called in the chosen language. */
export const named = (it) => it[chosen];

/** The sentence for why a command was not taken. */
export const problemText = (problem) =>
  problem.code === "unreachable" ? t("agent.unreachable") : named(problem);

/** Words everything marked data-t (text) and data-t-label (name for screen readers) below root. */
export function translate(root) {
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
  document.title = t(document.documentElement.dataset.title);
  for (const node of root.querySelectorAll("[data-t]")) {
    const words = t(node.dataset.t);
    if (node.textContent !== words) node.textContent = words;
  }
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
  }
}

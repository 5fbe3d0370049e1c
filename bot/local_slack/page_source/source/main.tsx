// What was given to this page: a running local Slack to show, or one message to look at?
import { createRoot } from "react-dom/client";
import { useParameter } from "./address";
import { App } from "./app";
import { Preview, type Previewed } from "./preview";
import { Speaking, tongue, type Dictionary } from "./words";
import "./style/page.css";
import "./style/conversation.css";
import "./style/blocks.css";
import "./style/form.css";

/** Put into the page by who serves or writes it: bot/local_slack/web.py. */
type Given = { language: string; words: Record<string, Dictionary>; preview?: Previewed };

function Root({ given }: { given: Given }) {
  const [language, setLanguage] = useParameter("lang", given.language);
  const dictionary = given.words[language] ?? given.words[given.language] ?? {};
  document.documentElement.lang = language;
  return (
    <Speaking tongue={tongue(language, dictionary)}>
      {given.preview ? (
        <Preview {...given.preview} />
      ) : (
        <App language={language} languages={named(given.words)} onLanguage={setLanguage} />
      )}
    </Speaking>
  );
}

const named = (words: Given["words"]): Record<string, string> =>
  Object.fromEntries(Object.entries(words).map(([code, dictionary]) => [code, dictionary["name"] ?? code]));

const given = JSON.parse(document.getElementById("given")?.textContent ?? "{}") as Given;
const place = document.getElementById("page");
if (place) createRoot(place).render(<Root given={given} />);

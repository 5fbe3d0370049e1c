// What was given to this page: a running local Slack to show, or one message to look at?
import { useState } from "react";
import { createRoot } from "react-dom/client";
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
  const [language, setLanguage] = useState(() => chosen(given));
  const choose = (code: string) => {
    localStorage.setItem("language", code);
    document.documentElement.lang = code;
    setLanguage(code);
  };
  const languages = Object.fromEntries(Object.entries(given.words).map(([code, dictionary]) => [code, dictionary["name"] ?? code]));
  return (
    <Speaking tongue={tongue(language, given.words[language] ?? {})}>
      {given.preview ? (
        <Preview {...given.preview} />
      ) : (
        <App language={language} languages={languages} onLanguage={choose} />
      )}
    </Speaking>
  );
}

function chosen(given: Given): string {
  const kept = given.preview ? null : localStorage.getItem("language");
  const language = kept && kept in given.words ? kept : given.language;
  document.documentElement.lang = language;
  return language;
}

const given = JSON.parse(document.getElementById("given")?.textContent ?? "{}") as Given;
const place = document.getElementById("page");
if (place) createRoot(place).render(<Root given={given} />);

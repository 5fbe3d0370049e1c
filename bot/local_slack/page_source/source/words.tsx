// What does the page itself say? The words come from bot/locale with the page; what a bot wrote stays as it is.
import { createContext, useContext, type ReactNode } from "react";

export type Tongue = { language: string; say: (key: string, values?: Record<string, string | number>) => string };

/** Key -> sentence with {values}. */
export type Dictionary = Record<string, string>;

const Spoken = createContext<Tongue>({ language: "ja", say: (key) => key });

export function tongue(language: string, dictionary: Dictionary): Tongue {
  return {
    language,
    say: (key, values = {}) =>
      (dictionary[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? "")),
  };
}

export function Speaking({ tongue, children }: { tongue: Tongue; children: ReactNode }) {
  return <Spoken value={tongue}>{children}</Spoken>;
}

export const useTongue = (): Tongue => useContext(Spoken);

/** A message's ts as a clock and a day in the reader's zone. */
export function clock(ts: string, language: string, zone: string): string {
  return at(ts, language, zone, { hour: "numeric", minute: "2-digit" });
}

export function day(ts: string, language: string, zone: string): string {
  return at(ts, language, zone, { month: "long", day: "numeric", weekday: "short" });
}

function at(ts: string, language: string, zone: string, style: Intl.DateTimeFormatOptions): string {
  const locale = language === "en" ? "en-GB" : language;
  return new Intl.DateTimeFormat(locale, { timeZone: zone, ...style }).format(new Date(Number(ts) * 1000));
}

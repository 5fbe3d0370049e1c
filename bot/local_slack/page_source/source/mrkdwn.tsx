// How does Slack write its mark-up? Plain text stays as it is; mrkdwn knows few signs, and only between words.
// Our own, because slack-blocks-to-jsx interprets plain text, leaves verbatim mrkdwn raw and drops lines that begin with #.
import { Fragment, type ReactNode } from "react";
import type { Text } from "./slack";

/** How an id is called: U… a person, C… a channel. */
export type Names = (id: string) => string;

const FENCE = /```\n?([\s\S]*?)\n?```/;
const CODE = /`([^`\n]+)`/;
const ANGLE = /<([^<>\n]+)>/;
const styled = (sign: string) =>
  new RegExp(`(?<![\\p{L}\\p{N}${sign}])[${sign}](?!\\s)([^${sign}\\n]+?)(?<!\\s)[${sign}](?![\\p{L}\\p{N}${sign}])`, "u");
const STYLES: [RegExp, "strong" | "em" | "s"][] = [
  [styled("*"), "strong"],
  [styled("_"), "em"],
  [styled("~"), "s"],
];

export function unescaped(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

export function Prose({ text, names }: { text: Text; names: Names }) {
  return text.type === "mrkdwn" ? <Mrkdwn text={text.text} names={names} /> : <>{lines([unescaped(text.text)])}</>;
}

export function Mrkdwn({ text, names }: { text: string; names: Names }) {
  return <>{fenced(text, names)}</>;
}

function fenced(text: string, names: Names): ReactNode[] {
  return around(text, FENCE, (found) => <pre>{unescaped(found[1] ?? "")}</pre>, (rest) => quoted(rest, names));
}

/** Lines that begin with > stand in a quotation. */
function quoted(text: string, names: Names): ReactNode[] {
  const given: ReactNode[] = [];
  let plain: string[] = [];
  let quote: string[] = [];
  const end = () => {
    if (quote.length) given.push(<blockquote>{inline(quote.join("\n"), names)}</blockquote>);
    if (plain.length) given.push(...inline(plain.join("\n"), names));
    plain = [];
    quote = [];
  };
  for (const line of text.split("\n")) {
    const inside = /^(?:&gt;|>)\s?/.exec(line);
    if (inside ? plain.length : quote.length) end();
    if (inside) quote.push(line.slice(inside[0].length));
    else plain.push(line);
  }
  end();
  return given;
}

function inline(text: string, names: Names): ReactNode[] {
  return around(text, CODE, (found) => <code>{unescaped(found[1] ?? "")}</code>, (rest) =>
    around(rest, ANGLE, (found) => reference(found[1] ?? "", names), (words) => emphasis(words)),
  );
}

function emphasis(text: string, styles = STYLES): ReactNode[] {
  const [first, ...others] = styles;
  if (!first) return lines([unescaped(text)]);
  const [sign, Tag] = first;
  return around(text, sign, (found) => <Tag>{keyed(emphasis(found[1] ?? "", others))}</Tag>, (rest) =>
    emphasis(rest, others),
  );
}

/** <@U1>, <#C1|name>, <!here>, <!date^…|fallback>, <https://…|words>. */
function reference(inside: string, names: Names): ReactNode {
  const [target = "", label] = inside.split("|", 2);
  if (target.startsWith("@")) return <span className="mention">@{names(target.slice(1))}</span>;
  if (target.startsWith("#")) return <span className="mention">#{label || names(target.slice(1))}</span>;
  if (target.startsWith("!date^")) return <time>{unescaped(label ?? "")}</time>;
  if (target.startsWith("!")) return <span className="mention">@{label || target.slice(1).split("^")[0]}</span>;
  if (!/^(https?|mailto):/i.test(target)) return `<${unescaped(inside)}>`;
  return (
    <a href={unescaped(target)} target="_blank" rel="noreferrer noopener">
      {unescaped(label || target)}
    </a>
  );
}

/** What `pattern` finds, made by `found`; what stands between, made by `rest`. */
function around(
  text: string,
  pattern: RegExp,
  found: (match: RegExpExecArray) => ReactNode,
  rest: (text: string) => ReactNode[],
): ReactNode[] {
  const given: ReactNode[] = [];
  let left = text;
  for (let match = pattern.exec(left); match; match = pattern.exec(left)) {
    if (match.index) given.push(...rest(left.slice(0, match.index)));
    given.push(found(match));
    left = left.slice(match.index + match[0].length);
  }
  if (left) given.push(...rest(left));
  return keyed(given);
}

function lines(texts: string[]): ReactNode[] {
  return texts.flatMap((text) =>
    text.split("\n").map((line, at) => (
      <Fragment key={at}>
        {at > 0 && <br />}
        {line}
      </Fragment>
    )),
  );
}

function keyed(nodes: ReactNode[]): ReactNode[] {
  return nodes.map((node, at) => <Fragment key={at}>{node}</Fragment>);
}

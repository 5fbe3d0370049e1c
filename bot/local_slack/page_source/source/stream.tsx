// What was said in a conversation, in order, with the days between and what did not reach the app?
import { useEffect, useRef, useState, type RefObject } from "react";
import { OneMessage } from "./message";
import type { Doing, Message } from "./slack";
import { day, useTongue } from "./words";
import { usePage } from "./workspace";

/** What stands above the newest message may stay in sight when it is no more than this. */
const SMALL = 90;
const MARGIN = 12;
const NEAR = 40;

type Item = { ts: string; message?: Message; doing?: Doing };

export function Stream({ messages, doings, channel, label, inThread = false }: {
  messages: Message[];
  doings: Doing[];
  channel: string;
  label: string;
  inThread?: boolean;
}) {
  const { workspace } = usePage();
  const { language } = useTongue();
  const list = useRef<HTMLOListElement>(null);
  const [hidden, setHidden] = useState<string[]>([]);
  const failed = doings.filter((one) => one.state === "failed" && !hidden.includes(one.id));
  const items: Item[] = [
    ...messages.map((message) => ({ ts: message.ts, message })),
    ...failed.map((doing) => ({ ts: String(doing.at), doing })),
  ].sort((one, other) => Number(one.ts) - Number(other.ts));
  useNewestInSight(list, items.at(-1)?.ts ?? "", inThread);

  let before = "";
  return (
    <ol className="stream" ref={list} role="log" aria-live="polite" aria-label={label} tabIndex={0}>
      {items.map((item) => {
        const today = day(item.ts, language, workspace.me.tz);
        const divides = !inThread && today !== before;
        before = today;
        return [
          divides && (
            <li className="day" key={today}>
              <span>{today}</span>
            </li>
          ),
          item.message && <OneMessage key={item.ts} message={item.message} channel={channel} inThread={inThread} />,
          item.doing && <Failure key={item.doing.id} doing={item.doing} onHide={(id) => setHidden([...hidden, id])} />,
        ];
      })}
    </ol>
  );
}

/** What Slack says when the app did not answer: operation_timeout and its kin. */
export function Failure({ doing, onHide }: { doing: Doing; onHide?: (id: string) => void }) {
  const { say } = useTongue();
  return (
    <li className="failure" role="alert">
      <span>
        {say(`failed_${doing.error}`) === `failed_${doing.error}` ? say("failed") : say(`failed_${doing.error}`)}
        <code>{doing.what ? `${doing.what}: ${doing.error}` : doing.error}</code>
      </span>
      {onHide && (
        <button type="button" className="link" onClick={() => onHide(doing.id)}>
          {say("dismiss")}
        </button>
      )}
    </li>
  );
}

/** Bring what came last into sight; of a long one its beginning. A thread is read from its head. */
function useNewestInSight(list: RefObject<HTMLOListElement | null>, newest: string, fromHead: boolean) {
  const bringing = useRef(!fromHead);
  const left = useRef(0);
  const seen = useRef<Seen | null>(null);
  useEffect(() => {
    const here = list.current;
    if (!here) return;
    const brought = bringing.current;
    if (brought) bringLast(here);
    bringing.current = true;
    left.current = here.scrollTop;
    const look = () => {
      seen.current = topmost(here);
    };
    look();
    // a turned phone or its keyboard: what was in sight stays there, also where the reader has moved on
    const again = () => {
      if (brought && Math.abs(here.scrollTop - left.current) <= NEAR) {
        bringLast(here);
        left.current = here.scrollTop;
      } else if (seen.current) comeBack(here, seen.current);
    };
    here.addEventListener("scroll", look);
    addEventListener("resize", again);
    return () => {
      here.removeEventListener("scroll", look);
      removeEventListener("resize", again);
    };
  }, [list, newest, fromHead]);
}

function bringLast(here: HTMLElement) {
  const last = here.lastElementChild;
  if (!(last instanceof HTMLElement)) return;
  const begins = last.offsetTop - here.offsetTop - MARGIN;
  if (begins > SMALL) here.scrollTop = last.offsetHeight > here.clientHeight ? begins : here.scrollHeight;
}

/** What stands at the top, and the part of it that is above. */
type Seen = { item: HTMLElement; part: number };

function topmost(here: HTMLElement): Seen | null {
  const top = here.scrollTop + here.offsetTop;
  for (const item of here.children)
    if (item instanceof HTMLElement && item.offsetTop + item.offsetHeight > top + MARGIN)
      return { item, part: (top - item.offsetTop) / item.offsetHeight };
  return null;
}

function comeBack(here: HTMLElement, { item, part }: Seen) {
  here.scrollTop = item.offsetTop - here.offsetTop + (part < 0 ? -MARGIN : part * item.offsetHeight);
}

// How does one message look: who said it, to whom, when, and what can be done with it?
import { useRef, useState } from "react";
import { Blocks } from "./blocks";
import { Face } from "./face";
import { FileLink } from "./file";
import { Mrkdwn } from "./mrkdwn";
import type { Element, Held, Message, Values } from "./slack";
import { SurfaceOf, withHeld, type Surface } from "./surface";
import { clock, useTongue } from "./words";
import { usePage } from "./workspace";

type Shown = { message: Message; channel: string; inThread?: boolean };

export function OneMessage({ message, channel, inThread = false }: Shown) {
  const { workspace, act, names } = usePage();
  const { say, language } = useTongue();
  const name = names(message.user);
  return (
    <li className={message.is_ephemeral ? "message only-you" : "message"} data-ts={message.ts}>
      <Face name={name} app={message.is_bot} />
      <article aria-label={say("message_of", { name })}>
        {message.is_ephemeral && (
          <p className="only-you-note">
            <Eye /> {say("only_you")}
            <button type="button" className="link" onClick={() => void act({ do: "dismiss", channel, ts: message.ts })}>
              {say("dismiss")}
            </button>
          </p>
        )}
        <header>
          <strong>{name}</strong>
          {message.is_bot && <span className="badge">{say("app")}</span>}
          <time>{clock(message.ts, language, workspace.me.tz)}</time>
        </header>
        <Body message={message} channel={channel} />
        {message.edited && <span className="edited">{say("edited")}</span>}
        {message.files?.map((file) => <FileLink key={file.id} file={file} />)}
        {!inThread && <Replies message={message} channel={channel} />}
      </article>
      {!message.is_ephemeral && <Tools message={message} channel={channel} inThread={inThread} />}
    </li>
  );
}

function Body({ message, channel }: Shown) {
  const { names } = usePage();
  const surface = useMessageSurface(message, channel);
  if (!message.blocks?.length && !message.text) return null;
  if (!message.blocks?.length)
    return (
      <div className="blocks">
        <p>
          <Mrkdwn text={message.text} names={names} />
        </p>
      </div>
    );
  return (
    <SurfaceOf value={surface}>
      <Blocks blocks={message.blocks} />
    </SurfaceOf>
  );
}

function useMessageSurface(message: Message, channel: string): Surface {
  const { workspace, act, names } = usePage();
  const [values, setValues] = useState<Values>({});
  const press = (block: string, element: Element, held: Held = null) => {
    const action = element.action_id ?? "";
    const now = element.type.startsWith("button") ? values : withHeld(values, block, action, held);
    void act({ do: "press", channel, ts: message.ts, action_id: action, block_id: block, value: held, values: now });
  };
  return {
    values,
    keep: (block, action, held) => setValues((before) => withHeld(before, block, action, held)),
    press,
    errors: {},
    names,
    people: workspace.users.filter((one) => !one.is_bot),
    channels: workspace.channels,
    still: false,
  };
}

function Replies({ message, channel }: Shown) {
  const { go, names, workspace } = usePage();
  const { say, language } = useTongue();
  const replies = (message.replies ?? []).filter((one) => !one.is_ephemeral);
  const last = replies.at(-1);
  if (!last) return null;
  const who = [...new Set(replies.map((one) => one.user))];
  return (
    <button type="button" className="replies" onClick={() => go(channel, message.ts)}>
      {who.slice(0, 3).map((id) => (
        <Face key={id} name={names(id)} app={workspace.users.find((one) => one.id === id)?.is_bot ?? false} small />
      ))}
      <span className="link">{say(replies.length === 1 ? "reply" : "replies", { count: replies.length })}</span>
      <small>{say("last_reply", { time: clock(last.ts, language, workspace.me.tz) })}</small>
    </button>
  );
}

/** Slack's row above a message: the thread, and the app's message shortcuts. */
function Tools({ message, channel, inThread }: Shown) {
  const { workspace, act, go } = usePage();
  const { say } = useTongue();
  const menu = useRef<HTMLDetailsElement>(null);
  const shortcuts = workspace.shortcuts.filter((one) => one.type === "message");
  if (inThread && !shortcuts.length) return null;
  const close = () => menu.current?.removeAttribute("open");
  return (
    <div className="tools" role="group" aria-label={say("tools")}>
      {!inThread && (
        <button type="button" onClick={() => go(channel, message.ts)} title={say("reply_in_thread")} aria-label={say("reply_in_thread")}>
          <Bubble />
        </button>
      )}
      {shortcuts.length > 0 && (
        <details
          className="menu"
          ref={menu}
          onKeyDown={(event) => event.key === "Escape" && close()}
          onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}
        >
          <summary aria-label={say("more")} title={say("more")}>
            ⋯
          </summary>
          <ul>
            {shortcuts.map((one) => (
              <li key={one.callback_id}>
                <button
                  type="button"
                  onClick={() => {
                    close();
                    void act({ do: "message_shortcut", callback_id: one.callback_id, channel, ts: message.ts });
                  }}
                >
                  {one.name}
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

const Eye = () => (
  <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.4">
    <path d="M1 8s2.5-4.5 7-4.5S15 8 15 8s-2.5 4.5-7 4.5S1 8 1 8z" />
    <circle cx="8" cy="8" r="2" />
  </svg>
);

const Bubble = () => (
  <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.5">
    <path d="M2.5 4.5a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H8l-3.5 3v-3a2 2 0 0 1-2-2z" strokeLinejoin="round" />
    <path d="M5.5 6h7M5.5 9h4.5" strokeLinecap="round" />
  </svg>
);

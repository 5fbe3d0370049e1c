// How does a person say something: words, files, a /command, @asakai, or a shortcut?
import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { Attach, Attached, useAttachments } from "./attachments";
import { upload, type Answer } from "./server";
import type { Channel } from "./slack";
import { useTongue } from "./words";
import { usePage } from "./workspace";

type Where = { channel: Channel; thread?: string };

export function Composer({ channel, thread = "" }: Where) {
  const { say } = useTongue();
  if (!channel.can_write) return <p className="cannot-write">{say(channel.is_archived ? "archived" : "read_only")}</p>;
  return <Writing channel={channel} thread={thread} />;
}

function Writing({ channel, thread = "" }: Where) {
  const { workspace, act, names } = usePage();
  const { say } = useTongue();
  const [text, setText] = useState("");
  const [refused, setRefused] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const attachments = useAttachments(form, () => {
    setRefused("");
    field.current?.focus();
  });
  const id = useId();
  const where = channel.is_im ? names(channel.user ?? workspace.app.user_id) : `#${channel.name}`;
  const label = thread ? say("write_reply") : say("write_to", { where: channel.is_im ? workspace.app.name : where });
  const mention = `@${workspace.app.name.toLowerCase()}`;
  const offered = !thread && text.startsWith("/") && !text.includes(" ") ? commandsLike(text) : [];

  function commandsLike(typed: string) {
    return workspace.commands.filter((one) => one.command.startsWith(typed) && one.command !== typed);
  }

  const put = (words: string) => {
    setText(words);
    setRefused("");
    field.current?.focus();
  };

  async function send() {
    const said = text.trim();
    if (busy || (!said && !attachments.files.length)) return;
    const slash = said.startsWith("/");
    if (slash && thread) return setRefused(say("no_command_in_thread", { app: workspace.app.name }));
    if (slash && attachments.files.length) return setRefused(say("no_command_with_files"));
    setText("");
    setBusy(attachments.files.length > 0);
    const answer = await (slash ? act({ do: "command", channel: channel.id, text: said }) : write(said));
    setBusy(false);
    // an unknown command comes back to be put right; what the app did not take shows in the conversation
    if (!answer.ok) {
      setText(said);
      return setRefused(say("refused", { error: answer.error ?? "" }));
    }
    attachments.clear();
  }

  async function write(said: string): Promise<Answer> {
    const where = { channel: channel.id, text: said, ...(thread && { thread_ts: thread }) };
    if (!attachments.files.length) return act({ do: "say", ...where });
    const files: string[] = [];
    for (const file of attachments.files) {
      const sent = await upload(workspace.me.id, file);
      if (!sent.ok || !sent.file) return sent;
      files.push(sent.file);
    }
    return act({ do: "drop", files, ...where });
  }

  /** A picture or a file from the clipboard; copied cells stay what they are: words. */
  const paste = (event: ClipboardEvent) => {
    if (!event.clipboardData.files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    attachments.add(event.clipboardData.files);
  };

  const keys = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Tab" && !event.shiftKey && offered[0]) {
      event.preventDefault();
      put(`${offered[0].command} `);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void send();
    }
  };

  return (
    <form
      className="composer"
      ref={form}
      aria-busy={busy}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {offered.length > 0 && (
        <ul className="offered" aria-label={say("commands")}>
          {offered.map((one) => (
            <li key={one.command}>
              <button type="button" onClick={() => put(`${one.command} `)}>
                <strong>{one.command}</strong> <span>{one.usage_hint}</span>
                <small>{one.description}</small>
              </button>
            </li>
          ))}
        </ul>
      )}
      {refused && (
        <p className="error" role="alert" id={`${id}-wrong`}>
          {refused}
        </p>
      )}
      <Attached attachments={attachments} busy={busy} />
      <textarea
        ref={field}
        rows={Math.min(6, text.split("\n").length)}
        value={text}
        placeholder={label}
        aria-label={label}
        aria-describedby={refused ? `${id}-wrong` : undefined}
        onChange={(event) => {
          setText(event.target.value);
          setRefused("");
        }}
        onKeyDown={keys}
        onPaste={paste}
      />
      <div className="composer-tools">
        <Attach onFiles={attachments.add} />
        {!thread && <Quick text="/kpi" onPut={() => put("/kpi ")} />}
        {!channel.is_im && <Quick text={mention} onPut={() => put(`${mention} ${text}`)} />}
        {!thread && <Shortcuts />}
        <button type="submit" className="send" aria-label={say("send")} title={say("send")} disabled={busy || (!text.trim() && !attachments.files.length)}>
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M1.5 2.3 14.5 8l-13 5.7V9.4L9 8 1.5 6.6z" fill="currentColor" />
          </svg>
        </button>
      </div>
    </form>
  );
}

function Quick({ text, onPut }: { text: string; onPut: () => void }) {
  return (
    <button type="button" className="quick" onClick={onPut}>
      {text}
    </button>
  );
}

function Shortcuts() {
  const { workspace, act } = usePage();
  const { say } = useTongue();
  const menu = useRef<HTMLDetailsElement>(null);
  const shortcuts = workspace.shortcuts.filter((one) => one.type === "global");
  if (!shortcuts.length) return null;
  const close = () => menu.current?.removeAttribute("open");
  return (
    <details
      className="menu up"
      ref={menu}
      onKeyDown={(event) => event.key === "Escape" && close()}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}
    >
      <summary className="quick">⚡ {say("shortcuts")}</summary>
      <ul>
        {shortcuts.map((one) => (
          <li key={one.callback_id}>
            <button
              type="button"
              onClick={() => {
                close();
                void act({ do: "shortcut", callback_id: one.callback_id });
              }}
            >
              {one.name}
              <small>{one.description}</small>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

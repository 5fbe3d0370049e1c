// How do sidebar, conversation, thread and forms make one page?
import { useEffect, useRef, useState } from "react";
import { useParameter, useWhere } from "./address";
import { useNoStrayDrops } from "./attachments";
import { Composer } from "./composer";
import { Home } from "./home";
import { Modals } from "./modal";
import { Sidebar } from "./sidebar";
import { act as send, watch } from "./server";
import type { Channel, Message, Workspace } from "./slack";
import { Stream } from "./stream";
import { useTongue } from "./words";
import { directTo, HOME, nameOf, PageOf, usePage } from "./workspace";

type Language = { language: string; languages: Record<string, string>; onLanguage: (code: string) => void };

export function App(tongue: Language) {
  const { say } = useTongue();
  const [person, setPerson] = useParameter("as", "");
  const [workspace, away] = useWorkspace(person);
  const [[place, thread], setWhere] = useWhere();
  const [drawer, setDrawer] = useState(false);
  const seen = useSeen(workspace, place);
  useNoStrayDrops();
  if (!workspace) return <p className="starting">{say(away ? "away" : "starting")}</p>;

  const rooms = workspace.channels;
  const here = place === HOME || rooms.some((one) => one.id === place) ? place : (rooms.find((one) => one.is_member)?.id ?? HOME);
  const page = {
    workspace,
    place: here,
    thread: here === place ? thread : "",
    act: (what: Parameters<typeof send>[1]) => send(workspace.me.id, what),
    go: (to: string, into = "") => {
      setWhere([to, into]);
      setDrawer(false);
    },
    names: (id: string) => nameOf(workspace, id),
  };
  const room = rooms.find((one) => one.id === here);
  return (
    <PageOf value={page}>
      <div className="page" data-drawer={drawer} data-thread={page.thread !== ""}>
        <Sidebar {...tongue} onPerson={setPerson} isNew={(id) => id !== here && seen(id)} />
        <button type="button" className="curtain" aria-label={say("close")} tabIndex={drawer ? 0 : -1} onClick={() => setDrawer(false)} />
        <main>
          <Top room={room} onMenu={() => setDrawer(!drawer)} />
          {away && <p className="away" role="alert">{say("away")}</p>}
          {room ? <Conversation room={room} /> : <Home />}
        </main>
        {room && page.thread && <Thread room={room} />}
        <Modals />
      </div>
    </PageOf>
  );
}

function Top({ room, onMenu }: { room: Channel | undefined; onMenu: () => void }) {
  const { workspace, go } = usePage();
  const { say } = useTongue();
  const direct = directTo(workspace);
  return (
    <header className="top">
      <button type="button" className="quiet only-phone" onClick={onMenu} aria-label={say("sidebar")} title={say("sidebar")}>
        ☰
      </button>
      {room && !room.is_im ? (
        <h1>
          <span aria-hidden="true">#</span> {room.name}
        </h1>
      ) : (
        <>
          <h1>{workspace.app.name}</h1>
          <div className="tabs" role="group" aria-label={workspace.app.name}>
            <button type="button" aria-pressed={!room} onClick={() => go(HOME)}>
              {say("home")}
            </button>
            <button type="button" aria-pressed={room?.id === direct} onClick={() => go(direct)}>
              {say("messages")}
            </button>
          </div>
        </>
      )}
    </header>
  );
}

function Conversation({ room }: { room: Channel }) {
  const { workspace } = usePage();
  const { say } = useTongue();
  const messages = (workspace.messages[room.id] ?? []).filter((one) => !isReply(one));
  const label = say("messages_in", { where: room.is_im ? workspace.app.name : `#${room.name}` });
  return (
    <>
      {messages.length === 0 && <p className="empty">{say(room.is_im ? "nothing_yet_direct" : "nothing_yet")}</p>}
      <Stream key={`said in ${room.id}`} messages={messages} doings={workspace.doings.filter((one) => one.channel === room.id)} channel={room.id} label={label} />
      <Composer key={room.id} channel={room} />
    </>
  );
}

function Thread({ room }: { room: Channel }) {
  const { workspace, thread, go } = usePage();
  const { say } = useTongue();
  const all = workspace.messages[room.id] ?? [];
  const head = all.find((one) => one.ts === thread);
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), [thread]);
  if (!head) return null;
  const aside = all.filter((one) => isReply(one) && one.thread_ts === thread);
  const replies = [...(head.replies ?? []), ...aside].sort((one, other) => Number(one.ts) - Number(other.ts));
  return (
    <aside
      className="thread"
      aria-label={say("thread")}
      onKeyDown={(event) => event.key === "Escape" && !event.nativeEvent.isComposing && go(room.id)}
    >
      <header className="top">
        <h2>
          {say("thread")} <small>{room.is_im ? workspace.app.name : `#${room.name}`}</small>
        </h2>
        <button type="button" ref={close} className="quiet" onClick={() => go(room.id)} aria-label={say("close_thread")} title={say("close_thread")}>
          ×
        </button>
      </header>
      <Stream key={`said in ${thread}`} messages={[head, ...replies]} doings={[]} channel={room.id} label={say("thread")} inThread />
      <Composer key={thread} channel={room} thread={thread} />
    </aside>
  );
}

/** An ephemeral answer in a thread comes beside its head; other replies come inside. */
const isReply = (message: Message): boolean => !!message.thread_ts && message.thread_ts !== message.ts;

function useWorkspace(person: string): [Workspace | null, boolean] {
  const [workspace, setWorkspace] = useState<Workspace | null>(null);
  const [away, setAway] = useState(false);
  useEffect(() => {
    const leaving = new AbortController();
    const tell = (state: Workspace | null) => {
      setAway(!state);
      if (state) setWorkspace(state);
    };
    void watch(person, tell, leaving.signal);
    return () => leaving.abort();
  }, [person]);
  return [workspace, away];
}

/** Whether a conversation holds what the reader has not looked at. */
function useSeen(workspace: Workspace | null, place: string): (channel: string) => boolean {
  const looked = useRef<Record<string, string>>({});
  const newest = (channel: string) => workspace?.messages[channel]?.at(-1)?.ts ?? "";
  useEffect(() => {
    if (workspace) looked.current[place] = newest(place);
  }, [workspace, place]);
  return (channel) => {
    looked.current[channel] ??= newest(channel);
    return Number(newest(channel)) > Number(looked.current[channel]);
  };
}

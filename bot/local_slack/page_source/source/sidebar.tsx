// Where can one go, as whom, and in which language?
import { Face } from "./face";
import type { Channel, Workspace } from "./slack";
import { useTongue } from "./words";
import { directTo, HOME, usePage } from "./workspace";

export type Wishes = {
  language: string;
  languages: Record<string, string>;
  onLanguage: (code: string) => void;
  onPerson: (id: string) => void;
  isNew: (channel: string) => boolean;
};

export function Sidebar({ language, languages, onLanguage, onPerson, isNew }: Wishes) {
  const { workspace } = usePage();
  const { say } = useTongue();
  const rooms = workspace.channels.filter((one) => !one.is_im);
  return (
    <nav className="sidebar" aria-label={say("sidebar")}>
      <header>
        <strong>{workspace.team.name}</strong>
        <small>{say("rehearsal")}</small>
      </header>
      <h2>{say("channels")}</h2>
      <ul>
        {rooms.map((room) => (
          <Room key={room.id} room={room} fresh={isNew(room.id)} />
        ))}
      </ul>
      <h2>{say("apps")}</h2>
      <ul>
        <AppRoom workspace={workspace} fresh={isNew(directTo(workspace))} />
      </ul>
      <footer>
        <label>
          <span>{say("you_are")}</span>
          <select value={workspace.me.id} onChange={(event) => onPerson(event.target.value)}>
            {workspace.users
              .filter((one) => !one.is_bot)
              .map((one) => (
                <option key={one.id} value={one.id}>
                  {one.real_name}
                </option>
              ))}
          </select>
        </label>
        <div className="languages" role="group" aria-label={say("language")}>
          {Object.entries(languages).map(([code, name]) => (
            <button key={code} type="button" lang={code} aria-pressed={code === language} onClick={() => onLanguage(code)}>
              {name}
            </button>
          ))}
        </div>
        <p className={workspace.connected ? "connected" : "connected not"} role="status">
          {say(workspace.connected ? "connected" : "not_connected", { app: workspace.app.name })}
        </p>
      </footer>
    </nav>
  );
}

function Room({ room, fresh }: { room: Channel; fresh: boolean }) {
  const { place, go } = usePage();
  const { say } = useTongue();
  return (
    <li>
      <button
        type="button"
        className={fresh ? "room fresh" : "room"}
        aria-current={place === room.id ? "page" : undefined}
        onClick={() => go(room.id)}
      >
        <span aria-hidden="true">{room.is_private ? <Lock /> : "#"}</span>
        {room.name}
        {fresh && <span className="new">{say("new")}</span>}
      </button>
    </li>
  );
}

function AppRoom({ workspace, fresh }: { workspace: Workspace; fresh: boolean }) {
  const { place, go } = usePage();
  const { say } = useTongue();
  return (
    <li>
      <button
        type="button"
        className={fresh ? "room fresh" : "room"}
        aria-current={place === HOME || place === directTo(workspace) ? "page" : undefined}
        onClick={() => go(HOME)}
      >
        <Face name={workspace.app.name} app small />
        {workspace.app.name}
        {fresh && <span className="new">{say("new")}</span>}
      </button>
    </li>
  );
}

const Lock = () => (
  <svg width="13" height="13" viewBox="0 0 14 14" fill="none" stroke="currentColor" strokeWidth="1.5">
    <rect x="2.5" y="6" width="9" height="6.5" rx="1.2" />
    <path d="M4.5 6V4.2a2.5 2.5 0 0 1 5 0V6" />
  </svg>
);

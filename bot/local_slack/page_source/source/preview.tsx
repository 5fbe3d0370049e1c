// How will a message look, with nobody to press anything?
import { Blocks } from "./blocks";
import { Face } from "./face";
import type { Block } from "./slack";
import { nowhere, SurfaceOf } from "./surface";
import { useTongue } from "./words";

export type Previewed = { title: string; app: string; builder: string; messages: { text: string; blocks: Block[] }[] };

export function Preview({ title, app, builder, messages }: Previewed) {
  const { say } = useTongue();
  const [head, ...replies] = messages;
  return (
    <main className="preview">
      <header>
        <h1>{say("preview", { name: title })}</h1>
        {builder && (
          <a href={builder} target="_blank" rel="noreferrer noopener">
            {say("builder")}
          </a>
        )}
      </header>
      <p className="notification">
        <small>{say("notification")}</small>
        {head?.text}
      </p>
      <SurfaceOf value={nowhere}>
        {head && <Shown app={app} blocks={head.blocks} />}
        {replies.length > 0 && <h2>{say("thread")}</h2>}
        {replies.map((one, at) => (
          <Shown key={at} app={app} blocks={one.blocks} />
        ))}
      </SurfaceOf>
    </main>
  );
}

function Shown({ app, blocks }: { app: string; blocks: Block[] }) {
  const { say } = useTongue();
  return (
    <div className="message">
      <Face name={app} app />
      <article>
        <header>
          <strong>{app}</strong>
          <span className="badge">{say("app")}</span>
        </header>
        <Blocks blocks={blocks} />
      </article>
    </div>
  );
}

// What does the app show a person on its Home tab?
import { useEffect, useState } from "react";
import { Blocks } from "./blocks";
import type { Element, Held, Values, View } from "./slack";
import { SurfaceOf, withHeld } from "./surface";
import { useTongue } from "./words";
import { usePage } from "./workspace";

export function Home() {
  const { workspace, act } = usePage();
  const { say } = useTongue();
  const me = workspace.me.id;
  useEffect(() => void act({ do: "home", tab: "home" }), [me]);
  return (
    <section className="home" aria-label={say("home")} tabIndex={0}>
      {workspace.home ? <Tab key={workspace.home.id} view={workspace.home} /> : <p className="empty">{say("home_empty")}</p>}
    </section>
  );
}

function Tab({ view }: { view: View }) {
  const { workspace, act, names } = usePage();
  const [values, setValues] = useState<Values>({});
  const surface = {
    values,
    keep: (block: string, action: string, held: Held) => setValues((before) => withHeld(before, block, action, held)),
    press: (block: string, element: Element, held: Held = null) => {
      const action = element.action_id ?? "";
      const now = element.type === "button" ? values : withHeld(values, block, action, held);
      void act({ do: "press", view: view.id, action_id: action, block_id: block, value: held, values: now });
    },
    errors: {},
    names,
    people: workspace.users.filter((one) => !one.is_bot),
    channels: workspace.channels,
    still: false,
  };
  return (
    <SurfaceOf value={surface}>
      <Blocks blocks={view.blocks} />
    </SurfaceOf>
  );
}

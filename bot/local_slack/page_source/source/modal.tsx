// How is a form filled in, sent, corrected and closed? The topmost of a person's stack is shown.
import { useEffect, useId, useRef, useState } from "react";
import { Blocks } from "./blocks";
import { words, type Doing, type Element, type Held, type Values, type View } from "./slack";
import { SurfaceOf, withHeld } from "./surface";
import { useTongue } from "./words";
import { usePage } from "./workspace";

export function Modals() {
  const { workspace } = usePage();
  const top = workspace.views.at(-1);
  return top ? <Modal key={top.id} view={top} above={workspace.views.length > 1} /> : null;
}

function Modal({ view, above }: { view: View; above: boolean }) {
  const { workspace, act, names } = usePage();
  const { say } = useTongue();
  const frame = useRef<HTMLDialogElement>(null);
  const [values, setValues] = useState<Values>({});
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [since] = useState(workspace.now);
  const id = useId();
  const errors = { ...view.errors, ...wrong };
  const failed = lastFailure(workspace.doings, since);

  useEffect(() => frame.current?.showModal(), []);
  useEffect(() => {
    const first = frame.current?.querySelector<HTMLElement>(".input.wrong :is(input, textarea, select, summary)");
    first?.focus();
  }, [Object.keys(errors).join()]);

  const close = (cleared: boolean) => void act({ do: "close", view: view.id, cleared });

  async function submit() {
    setWrong({});
    const answer = await act({ do: "submit", view: view.id, values });
    if (answer.error !== "invalid_fields") return;
    const found = Object.entries(answer.errors ?? {});
    setWrong(Object.fromEntries(found.map(([block, code]) => [block, say(`wrong_${code}`)])));
  }

  const surface = {
    values,
    keep: (block: string, action: string, held: Held) => {
      setValues((before) => withHeld(before, block, action, held));
      setWrong(({ [block]: _, ...others }) => others);
    },
    press: (block: string, element: Element, held: Held = null) => {
      const action = element.action_id ?? "";
      const now = element.type === "button" ? values : withHeld(values, block, action, held);
      void act({ do: "press", view: view.id, action_id: action, block_id: block, value: held, values: now });
    },
    errors,
    names,
    people: workspace.users.filter((one) => !one.is_bot),
    channels: workspace.channels,
    still: view.busy ?? false,
  };

  return (
    <dialog
      className="modal"
      ref={frame}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close(false);
      }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <header>
          {above && (
            <button type="button" className="quiet" onClick={() => close(false)} aria-label={say("back")} title={say("back")}>
              ‹
            </button>
          )}
          <h2 id={id}>{words(view.title)}</h2>
          <button type="button" className="quiet" onClick={() => close(true)} aria-label={say("close")} title={say("close")}>
            ×
          </button>
        </header>
        <div className="modal-body" tabIndex={-1}>
          {failed && (
            <p className="failure" role="alert">
              <span>
                {say("failed")} <code>{failed.error}</code>
              </span>
            </p>
          )}
          <SurfaceOf value={surface}>
            <Blocks blocks={view.blocks} />
          </SurfaceOf>
        </div>
        <footer>
          <button type="button" className="button" onClick={() => close(false)}>
            {words(view.close) || say("close")}
          </button>
          {view.submit && (
            <button type="submit" className="button primary" disabled={view.busy} aria-busy={view.busy}>
              {view.busy ? say("sending") : words(view.submit)}
            </button>
          )}
        </footer>
      </form>
    </dialog>
  );
}

/** What went wrong in a form since it was opened, if it was the last thing done. */
function lastFailure(doings: Doing[], since: number): Doing | undefined {
  const last = doings.filter((one) => one.at >= since && ["submit", "press_view"].includes(one.kind)).at(-1);
  return last?.state === "failed" ? last : undefined;
}

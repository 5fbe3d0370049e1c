// Does a person really want that? The app's own question, before a press is told.
import { useId, type RefObject } from "react";
import { Prose, type Names } from "./mrkdwn";
import { words, type Confirm } from "./slack";

type Asked = { frame: RefObject<HTMLDialogElement | null>; confirm: Confirm; names: Names; onYes: () => void };

export function ConfirmDialog({ frame, confirm, names, onYes }: Asked) {
  const id = useId();
  return (
    <dialog className="confirm" ref={frame} aria-labelledby={id}>
      <form method="dialog">
        <h2 id={id}>{words(confirm.title)}</h2>
        <p>
          <Prose text={confirm.text} names={names} />
        </p>
        <footer>
          <button type="submit" className="button">
            {words(confirm.deny)}
          </button>
          <button type="submit" className={`button ${confirm.style ?? "primary"}`} onClick={onYes}>
            {words(confirm.confirm)}
          </button>
        </footer>
      </form>
    </dialog>
  );
}

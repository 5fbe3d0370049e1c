// What can be pressed, chosen or typed in a message or a form? Native controls: keyboard and phone know them.
import { useId, useRef } from "react";
import { ConfirmDialog } from "./dialog";
import { Chooser, Several } from "./choosers";
import { useChoice, type Placed } from "./choice";
import { words } from "./slack";
import { heldIn, useSurface } from "./surface";
import { useTongue } from "./words";

const SINGLE = new Set(["static_select", "external_select", "users_select", "conversations_select", "channels_select"]);
const PICKERS: Record<string, string> = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" };
const TYPED: Record<string, string> = { email_text_input: "email", url_text_input: "url", number_input: "text" };

export function Interactive(placed: Placed) {
  const kind = placed.element.type;
  if (kind === "button" || kind === "workflow_button") return <Button {...placed} />;
  if (kind === "overflow") return <Overflow {...placed} />;
  if (SINGLE.has(kind)) return <Chooser {...placed} />;
  if (kind.startsWith("multi_") || kind === "checkboxes") return <Several {...placed} />;
  if (kind === "radio_buttons") return <Radios {...placed} />;
  if (kind in PICKERS) return <Picker {...placed} />;
  return <Typed {...placed} />;
}

function Button({ element, block }: Placed) {
  const surface = useSurface();
  const asking = useRef<HTMLDialogElement>(null);
  const press = () => {
    if (element.url) window.open(element.url, "_blank", "noreferrer");
    surface.press(block, element, element.value ?? null);
  };
  return (
    <>
      <button
        type="button"
        className={`button ${element.style ?? ""}`}
        aria-label={element.accessibility_label}
        aria-haspopup={element.confirm ? "dialog" : undefined}
        disabled={surface.still}
        onClick={() => (element.confirm ? asking.current?.showModal() : press())}
      >
        {words(element.text)}
      </button>
      {element.confirm && <ConfirmDialog frame={asking} confirm={element.confirm} names={surface.names} onYes={press} />}
    </>
  );
}

function Overflow({ element, block }: Placed) {
  const surface = useSurface();
  const { say } = useTongue();
  const menu = useRef<HTMLDetailsElement>(null);
  return (
    <details className="menu" ref={menu} onKeyDown={(event) => event.key === "Escape" && menu.current?.removeAttribute("open")}>
      <summary className="button" aria-label={element.accessibility_label ?? say("more")}>
        ⋯
      </summary>
      <ul>
        {(element.options ?? []).map((option) => (
          <li key={option.value}>
            <button
              type="button"
              disabled={surface.still}
              onClick={() => {
                menu.current?.removeAttribute("open");
                surface.press(block, element, option.value);
              }}
            >
              {words(option.text)}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Radios(placed: Placed) {
  const [held, take, still] = useChoice(placed);
  const name = useId();
  return (
    <div role="radiogroup" aria-label={placed.label} aria-describedby={placed.describedBy} className="choices">
      {(placed.element.options ?? []).map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            checked={held === option.value}
            disabled={still}
            onChange={() => take(option.value)}
          />
          <span>
            {words(option.text)}
            {option.description && <small>{words(option.description)}</small>}
          </span>
        </label>
      ))}
    </div>
  );
}

function Picker(placed: Placed) {
  const { element, label, describedBy, required } = placed;
  const { say } = useTongue();
  const [held, take, still] = useChoice(placed);
  const instant = element.type === "datetimepicker";
  const shown = typeof held !== "string" ? "" : instant ? localTime(held) : held;
  return (
    <input
      type={PICKERS[element.type]}
      className="field"
      value={shown}
      disabled={still}
      required={required}
      aria-label={label ?? (words(element.placeholder) || say("choose"))}
      aria-describedby={describedBy}
      title={words(element.placeholder) || undefined}
      onChange={(event) => {
        const given = event.target.value;
        take(given === "" ? null : instant ? String(Math.floor(new Date(given).getTime() / 1000)) : given);
      }}
    />
  );
}

/** Epoch seconds as an input of local time takes them. */
function localTime(seconds: string): string {
  const date = new Date(Number(seconds) * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Typed(placed: Placed) {
  const { element, block, telling, label, describedBy, required } = placed;
  const surface = useSurface();
  const held = heldIn(surface, block, element);
  const shared = {
    className: "field wide",
    value: typeof held === "string" ? held : "",
    placeholder: words(element.placeholder),
    maxLength: element.max_length,
    disabled: surface.still,
    required,
    autoFocus: element.focus_on_load,
    "aria-label": label,
    "aria-describedby": describedBy,
    onChange: (event: { target: { value: string } }) => surface.keep(block, element.action_id ?? "", event.target.value || null),
  };
  if (element.multiline) return <textarea rows={4} {...shared} />;
  return (
    <input
      type={TYPED[element.type] ?? "text"}
      inputMode={element.type === "number_input" ? (element.is_decimal_allowed ? "decimal" : "numeric") : undefined}
      {...shared}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.nativeEvent.isComposing || !telling) return;
        event.preventDefault();
        surface.press(block, element, event.currentTarget.value || null);
      }}
    />
  );
}

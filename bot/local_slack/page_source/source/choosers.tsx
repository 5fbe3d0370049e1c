// Whom, where or which: how is one thing, or are several, chosen from a list?
import { useChoice, type Placed } from "./choice";
import { words, type Element } from "./slack";
import { useSurface, type Surface } from "./surface";
import { useTongue } from "./words";

type Group = { label: string; options: { value: string; text: string; note?: string }[] };

export function Chooser(placed: Placed) {
  const { element, label, describedBy, required } = placed;
  const surface = useSurface();
  const { say } = useTongue();
  const [held, take, still] = useChoice(placed);
  const empty = words(element.placeholder) || say("choose");
  return (
    <select
      className="field"
      value={typeof held === "string" ? held : ""}
      disabled={still}
      required={required}
      aria-label={label ?? empty}
      aria-describedby={describedBy}
      onChange={(event) => take(event.target.value || null)}
    >
      <option value="">{empty}</option>
      {groups(element, surface).map((group, at) =>
        group.label ? (
          <optgroup key={at} label={group.label}>
            {group.options.map(optionOf)}
          </optgroup>
        ) : (
          group.options.map(optionOf)
        ),
      )}
    </select>
  );
}

const optionOf = (option: { value: string; text: string }) => (
  <option key={option.value} value={option.value}>
    {option.text}
  </option>
);

export function Several(placed: Placed) {
  const { element, label, describedBy } = placed;
  const surface = useSurface();
  const { say } = useTongue();
  const [held, take, still] = useChoice(placed);
  const chosen = Array.isArray(held) ? held : [];
  const name = label ?? words(element.placeholder);
  const full = element.max_selected_items !== undefined && chosen.length >= element.max_selected_items;
  const list = groups(element, surface).map((group, at) => (
    <div key={at} role="group" aria-label={group.label || name} aria-describedby={describedBy} className="choices">
      {group.label && <strong>{group.label}</strong>}
      {group.options.map((option) => (
        <label key={option.value}>
          <input
            type="checkbox"
            checked={chosen.includes(option.value)}
            disabled={still || (full && !chosen.includes(option.value))}
            onChange={(event) =>
              take(event.target.checked ? [...chosen, option.value] : chosen.filter((one) => one !== option.value))
            }
          />
          <span>
            {option.text}
            {option.note && <small>{option.note}</small>}
          </span>
        </label>
      ))}
    </div>
  ));
  if (element.type === "checkboxes") return <>{list}</>;
  const called = (value: string) =>
    groups(element, surface).flatMap((group) => group.options).find((one) => one.value === value)?.text ?? value;
  const shown = chosen.length ? chosen.map(called).join(", ") : words(element.placeholder) || say("choose");
  return (
    <details className="several">
      <summary className="field" aria-label={`${name}: ${shown}`}>
        {shown}
      </summary>
      {list}
    </details>
  );
}

function groups(element: Element, surface: Surface): Group[] {
  const kind = element.type.replace("multi_", "");
  if (kind === "users_select")
    return [{ label: "", options: surface.people.map((one) => ({ value: one.id, text: one.real_name })) }];
  if (kind === "channels_select" || kind === "conversations_select")
    return [{ label: "", options: places(surface, kind === "conversations_select") }];
  const named = element.option_groups?.map((group) => ({ label: words(group.label), options: group.options }));
  return (named ?? [{ label: "", options: element.options ?? [] }]).map((group) => ({
    label: group.label,
    options: group.options.map((one) => ({ value: one.value, text: words(one.text), note: words(one.description) })),
  }));
}

function places(surface: Surface, direct: boolean): Group["options"] {
  return surface.channels
    .filter((one) => direct || !one.is_im)
    .map((one) => ({ value: one.id, text: one.is_im ? surface.names(one.user ?? "") : `#${one.name}` }));
}

// Where do the elements of a message or a form keep what a person chose, and whom do they tell?
import { createContext, useContext } from "react";
import type { Names } from "./mrkdwn";
import type { Channel, Element, Held, Person, Values } from "./slack";

export type Surface = {
  /** What a person changed here; what is missing stands as the app wrote it. */
  values: Values;
  keep: (block: string, action: string, held: Held) => void;
  /** A press, or a choice that counts as one. */
  press: (block: string, element: Element, held?: Held) => void;
  /** Block id -> what is wrong with it. */
  errors: Record<string, string>;
  names: Names;
  people: Person[];
  channels: Channel[];
  /** Nothing can be pressed: a preview, or a form on its way. */
  still: boolean;
};

export const nowhere: Surface = {
  values: {},
  keep: () => undefined,
  press: () => undefined,
  errors: {},
  names: (id) => id,
  people: [],
  channels: [],
  still: true,
};

const Here = createContext<Surface>(nowhere);
export const SurfaceOf = Here.Provider;
export const useSurface = (): Surface => useContext(Here);

/** What stands in an element now. */
export function heldIn(surface: Surface, block: string, element: Element): Held {
  const changed = surface.values[block]?.[element.action_id ?? ""];
  return changed === undefined ? initial(element) : changed;
}

/** What the app put in before anyone touched it. */
export function initial(element: Element): Held {
  const option = element["initial_option"] as { value: string } | undefined;
  if (option) return option.value;
  const options = element["initial_options"] as { value: string }[] | undefined;
  if (options) return options.map((one) => one.value);
  for (const [name, given] of Object.entries(element)) {
    if (!name.startsWith("initial_")) continue;
    return Array.isArray(given) ? given.map(String) : String(given);
  }
  return null;
}

export const withHeld = (values: Values, block: string, action: string, held: Held): Values => ({
  ...values,
  [block]: { ...values[block], [action]: held },
});

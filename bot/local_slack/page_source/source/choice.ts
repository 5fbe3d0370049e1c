// Where does an element stand, and how is a choice in it taken?
import type { Element, Held } from "./slack";
import { heldIn, useSurface } from "./surface";

export type Placed = {
  element: Element;
  block: string;
  /** A choice tells the app at once: everywhere but in an input block that did not ask for it. */
  telling: boolean;
  label?: string;
  describedBy?: string;
  required?: boolean;
};

/** How a choice is taken: kept, and told when the element tells. */
export function useChoice({ element, block, telling }: Placed): [Held, (held: Held) => void, boolean] {
  const surface = useSurface();
  const take = (held: Held) => {
    surface.keep(block, element.action_id ?? "", held);
    if (telling) surface.press(block, element, held);
  };
  return [heldIn(surface, block, element), take, surface.still];
}
